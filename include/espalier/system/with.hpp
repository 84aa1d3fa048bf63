// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/sentences.hpp>
#include <espalier/process/context.hpp>
#include <tuple>
#include <vector>

namespace espalier {

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

template <class P, class C, bool Given>
struct value_check {};
template <class P, class C>
struct value_check<P, C, false> {
  static_assert(ill_formed<P, needs<C>, which_was_not_given>,
                "espalier: a process needs a value that the system was not given; add it to es::with(...)");
};

template <std::size_t I, class Check>
struct numbered_check : Check {};

template <class P, class Sequence, class Needs, class... Given>
struct value_checks;
template <class P, std::size_t... I, class... C, class... Given>
struct value_checks<P, std::index_sequence<I...>, environment<C...>, Given...>
    : numbered_check<I, value_check<P, C, position_among<C, Given...>() != sizeof...(Given)>>... {};

/// Says which values a process needs and is not given.
template <class P, class Needs, class... Given>
struct needs_check {};
template <class P, class... C, class... Given>
struct needs_check<P, environment<C...>, Given...>
    : value_checks<P, std::make_index_sequence<sizeof...(C)>, environment<C...>, Given...> {};

/// The address of the value of type `C`.
template <class P, class C, class... Given>
void const* value_for(std::tuple<Given...> const& values) {
  constexpr std::size_t at = position_among<C, Given...>();
  if constexpr (at == sizeof...(Given)) {
    return nullptr;  // said by needs_check
  } else {
    return &std::get<at>(values);
  }
}

template <class P, class Needs>
struct environment_values {
  template <class Values>
  static std::vector<void const*> from(Values const&) {
    return {};  // said by needs_list
  }
};
template <class P, class... C>
struct environment_values<P, environment<C...>> {
  template <class... Given>
  static std::vector<void const*> from(std::tuple<Given...> const& values) {
    return {value_for<P, C>(values)...};
  }
};

}  // namespace detail
}  // namespace espalier
