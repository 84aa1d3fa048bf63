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
inline constexpr type_id ids[sizeof...(Names) + 1] = {id_of<Names>..., type_id{}};

/// A list of ids without its type.
struct id_list {
  type_id const* first;
  std::size_t size;

  constexpr std::size_t position(type_id id) const {
    std::size_t i = 0;
    while (i != size && first[i] != id) ++i;
    return i;
  }
};

constexpr bool contains_all(id_list some, id_list of) {
  for (std::size_t i = 0; i != of.size; ++i) {
    if (some.position(of.first[i]) == some.size) return false;
  }
  return true;
}

constexpr bool same_sequence(id_list a, id_list b) {
  if (a.size != b.size) return false;
  for (std::size_t i = 0; i != a.size; ++i) {
    if (a.first[i] != b.first[i]) return false;
  }
  return true;
}

template <class... Names>
inline constexpr id_list ids_of{ids<Names...>, sizeof...(Names)};

}  // namespace detail

template <class... A, class... B>
constexpr bool operator==(processes<A...>, processes<B...>) {
  return detail::contains_all(detail::ids_of<A...>, detail::ids_of<B...>) &&
         detail::contains_all(detail::ids_of<B...>, detail::ids_of<A...>);
}

template <class... A, class... B>
constexpr bool operator==(ordered_processes<A...>, ordered_processes<B...>) {
  return detail::same_sequence(detail::ids_of<A...>, detail::ids_of<B...>);
}

template <class... A, class... B>
constexpr bool operator==(ordered_processes<A...>, processes<B...>) {
  return detail::same_sequence(detail::ids_of<A...>, detail::ids_of<B...>);
}

}  // namespace espalier
