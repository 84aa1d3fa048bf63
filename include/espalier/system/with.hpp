// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/sentences.hpp>
#include <espalier/process/context.hpp>
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
void const* refuse_missing_value() {
  static_assert(ill_formed<P, needs<C>, which_was_not_given>,
                "espalier: a process needs a value that the system was not given; add it to es::with(...)");
  return nullptr;
}

/// The address of the value of type `C`. Refuses to compile if there is none.
template <class P, class C, class... Given>
void const* value_for(std::tuple<Given...> const& values) {
  constexpr std::size_t at = position_among<C, Given...>();
  if constexpr (at == sizeof...(Given)) {
    return refuse_missing_value<P, C>();
  } else {
    return &std::get<at>(values);
  }
}

template <class P, class Needs>
struct environment_values;
template <class P, class... C>
struct environment_values<P, environment<C...>> {
  template <class... Given>
  static std::vector<void const*> from(std::tuple<Given...> const& values) {
    return {value_for<P, C>(values)...};
  }
};

}  // namespace detail
}  // namespace espalier
