// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/life.hpp>
#include <espalier/runtime/engine.hpp>
#include <espalier/system/with.hpp>

// The types of a tree, turned into the functions that the engine calls. Here templates end.
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

template <class Given>
using wire_part = void (*)(std::vector<runtime::process_type>&, Given const&);

template <class Part, class Given>
void wire_node(std::vector<runtime::process_type>& out, Given const& values);

template <class Given>
inline constexpr auto wire_parts = [](auto... part) {
  return std::array<wire_part<Given>, sizeof...(part) + 1>{
      &wire_node<typename decltype(part)::type, Given>..., nullptr};
};

/// Adds the process types of a part, in the order of the records.
template <class Part, class Given>
void wire_node(std::vector<runtime::process_type>& out, Given const& values) {
  if constexpr (!option_type<Part>) {
    using name = typename child_parts<Part>::name;
    if constexpr (supervisor_type<name>) {
      out.push_back({});
      constexpr auto parts = boost::hana::unpack(typename name::espalier_parts{}, wire_parts<Given>);
      for (std::size_t i = 0; i + 1 != parts.size(); ++i) parts[i](out, values);
    } else {
      using process = process_of<name>;
      static_assert(
          std::is_nothrow_destructible_v<process>,
          "espalier: the destructor of a process may throw, which would end the program; make it noexcept");
      out.push_back({maker<process, typename child_parts<Part>::options>::value,
                     environment_values<process, typename needs_of<process>::type>::from(values)});
    }
  }
}

template <class T, class... C>
std::vector<runtime::process_type> process_types(std::tuple<C...> const& values) {
  std::vector<runtime::process_type> out;
  out.reserve(view_of<T>.size);
  wire_node<T>(out, values);
  return out;
}

}  // namespace espalier::detail
