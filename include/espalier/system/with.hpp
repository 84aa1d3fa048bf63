// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/sentences.hpp>
#include <espalier/process/process_check.hpp>
#include <tuple>
#include <vector>

namespace espalier {

template <class Value>
struct needs;
struct which_was_not_given;

/// The values that a system hands to the processes that need them.
template <class... C>
struct given {
  std::tuple<C...> values;
};

/// Takes values for the processes that declare them in their `needs`: `es::run<app>(es::with(options, log))`.
/// They are kept in the system, and read only.
template <class... C>
given<std::decay_t<C>...> with(C&&... values) {
  return {{std::forward<C>(values)...}};
}

namespace detail {

template <class C, class... Given>
constexpr std::size_t position_among() {
  constexpr bool same[] = {std::is_same_v<C, Given>..., true};
  std::size_t i = 0;
  while (!same[i]) ++i;
  return i;
}

template <class P, class C>
struct missing_value {
  static_assert(ill_formed<P, needs<C>, which_was_not_given>,
                "espalier: a process needs a value that the system was not given; add it to es::with(...)");
};

template <class P, class Needs>
struct needs_of_process {
  template <class... Given>
  static constexpr auto judge() {
    return boost::hana::type_c<no_mistake<4>>;
  }
};
template <class P, class First, class... Rest>
struct needs_of_process<P, environment<First, Rest...>> {
  template <class... Given>
  static constexpr auto judge() {
    if constexpr (position_among<First, Given...>() == sizeof...(Given)) {
      return boost::hana::type_c<missing_value<P, First>>;
    } else {
      return needs_of_process<P, environment<Rest...>>::template judge<Given...>();
    }
  }
};

/// The first value that a process needs and is not given, or nothing.
template <class P, class... Given>
using needs_verdict =
    typename decltype(needs_of_process<P, typename needs_of<P>::type>::template judge<Given...>())::type;

/// The address of the value of type `C`.
template <class P, class C, class... Given>
void const* value_for(std::tuple<Given...> const& values) {
  constexpr std::size_t at = position_among<C, Given...>();
  if constexpr (at == sizeof...(Given)) {
    return nullptr;  // said by needs_verdict
  } else {
    return &std::get<at>(values);
  }
}

template <class P, class Needs>
struct environment_values {
  template <class Values>
  static std::vector<void const*> from(Values const&) {
    return {};  // said by the tree's rules
  }
};
template <class P, class... C>
struct environment_values<P, environment<C...>> {
  template <class Values>
  static std::vector<void const*> from(Values const& values) {
    return {value_for<P, C>(values)...};
  }
};

}  // namespace detail
}  // namespace espalier
