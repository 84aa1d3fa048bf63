// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/type_name.hpp>

namespace espalier {

/// A list of process names. Two lists are equal if they hold the same names, in any order.
template <class... Names>
struct processes {
  static constexpr std::size_t size = sizeof...(Names);
};

/// A list of process names that compares in order with another list.
template <class... Names>
struct ordered_processes {
  static constexpr std::size_t size = sizeof...(Names);
};

/// What a process is handed at run time, in its `needs`: each `C` is read as `self.environment<C>()`.
template <class... C>
struct environment {};

namespace detail {

template <class... Names>
struct ids {
  static constexpr std::size_t size = sizeof...(Names);
  static constexpr type_id list[size + 1] = {id_of<Names>..., nullptr};
};

constexpr bool contains_all(type_id const* some, type_id const* of) {
  for (; *of != nullptr; ++of) {
    type_id const* at = some;
    while (*at != nullptr && *at != *of) ++at;
    if (*at == nullptr) return false;
  }
  return true;
}

constexpr bool same_sequence(type_id const* a, type_id const* b) {
  while (*a != nullptr && *a == *b) ++a, ++b;
  return *a == *b;
}

}  // namespace detail

template <class... A, class... B>
constexpr bool operator==(processes<A...>, processes<B...>) {
  using a = detail::ids<A...>;
  using b = detail::ids<B...>;
  return detail::contains_all(a::list, b::list) && detail::contains_all(b::list, a::list);
}

template <class... A, class... B>
constexpr bool operator==(ordered_processes<A...>, ordered_processes<B...>) {
  return detail::same_sequence(detail::ids<A...>::list, detail::ids<B...>::list);
}

template <class... A, class... B>
constexpr bool operator==(ordered_processes<A...>, processes<B...>) {
  return detail::same_sequence(detail::ids<A...>::list, detail::ids<B...>::list);
}

}  // namespace espalier
