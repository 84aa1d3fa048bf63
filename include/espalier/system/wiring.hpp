// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/type_at.hpp>
#include <espalier/process/life.hpp>
#include <espalier/runtime/engine.hpp>
#include <espalier/system/with.hpp>

// The types of a tree, turned into the functions that the engine calls. Here templates end.
namespace espalier {
struct has_a_throwing_destructor;
}

namespace espalier::detail {

template <class P>
std::unique_ptr<runtime::incarnation> make_life(runtime::place& home, std::uint64_t number) {
  return std::make_unique<runtime::default_life<P>>(home, number);
}
template <class P, auto Start>
std::unique_ptr<runtime::incarnation> make_started_life(runtime::place& home, std::uint64_t number) {
  return std::make_unique<runtime::started_life<P, Start>>(home, number);
}

using make_function = std::unique_ptr<runtime::incarnation> (*)(runtime::place&, std::uint64_t);

/// How to make a child: by its start function, if there is one among its options.
template <class P, class Options>
struct maker {
  static constexpr make_function value = &make_life<P>;
};
template <class P, auto Function, class... Rest>
struct maker<P, type_list<start<Function>, Rest...>> {
  static constexpr make_function value = &make_started_life<P, Function>;
};
template <class P, class Option, class... Rest>
struct maker<P, type_list<Option, Rest...>> : maker<P, type_list<Rest...>> {};

template <class P>
constexpr bool refuse_throwing_destructor() {
  static_assert(
      ill_formed<P, has_a_throwing_destructor>,
      "espalier: the destructor of a process may throw, which would end the program; make it noexcept");
  return false;
}

/// What the engine needs of record `I`.
template <class T, node_index I, class Given>
runtime::process_type process_type_at(Given const& values) {
  if constexpr (records_of<T>[I].supervisor) {
    return {};
  } else {
    using process = process_of<name_at<T, I>>;
    if constexpr (std::is_nothrow_destructible_v<process>) {
      return {maker<process, options_at<T, I>>::value,
              environment_values<process, typename needs_of<process>::type>::from(values)};
    } else {
      refuse_throwing_destructor<process>();
      return {};
    }
  }
}

template <class T, class Given, std::size_t... I>
std::vector<runtime::process_type> process_types(Given const& values, std::index_sequence<I...>) {
  using at = runtime::process_type (*)(Given const&);
  constexpr at all[] = {&process_type_at<T, I, Given>...};  // a loop, because Clang limits folds
  std::vector<runtime::process_type> out;
  out.reserve(sizeof...(I));
  for (at type : all) out.push_back(type(values));
  return out;
}

/// The process types of a tree, in the order of its records.
template <class T, class... C>
std::vector<runtime::process_type> process_types(std::tuple<C...> const& values) {
  return process_types<T>(values, std::make_index_sequence<records_of<T>.size()>{});
}

}  // namespace espalier::detail
