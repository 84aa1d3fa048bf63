// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/unpack.hpp>
#include <utility>

// From the number of a record back to its type. Only answers that name types pay for this: a valid tree that
// nobody asks about instantiates none of it.
namespace espalier::detail {

template <std::size_t I, class T>
struct indexed {
  using type = T;
};

template <class Sequence, class List>
struct indexed_list;
template <std::size_t... I, class... T>
struct indexed_list<std::index_sequence<I...>, type_list<T...>> : indexed<I, T>... {
  static constexpr std::size_t size = sizeof...(T);
  static constexpr bool is_option[sizeof...(T) + 1] = {option_type<T>..., false};
};
template <class... T>
constexpr indexed_list<std::make_index_sequence<sizeof...(T)>, type_list<T...>> index_list(type_list<T...>) {
  return {};
}

template <class List>
using indexed_list_of = decltype(index_list(List{}));

template <std::size_t I, class T>
indexed<I, T> pick(indexed<I, T> const&);

/// The type at place `I` of a type list.
template <class List, std::size_t I>
using type_at = typename decltype(pick<I>(std::declval<indexed_list_of<List>>()))::type;

/// Where the child with that number stands among the parts of a supervisor.
template <class List>
constexpr std::size_t place_of_child(std::uint32_t number) {
  using list = indexed_list_of<List>;
  for (std::size_t i = 0; i != list::size; ++i) {
    if (!list::is_option[i] && number-- == 0) return i;
  }
  return list::size;
}

/// The part of the tree that record `I` was made from: a type, or a `child` of one.
template <class T, node_index I>
struct part_of_record {
  static constexpr record const& r = records_of<T>[I];
  using parent = typename child_parts<typename part_of_record<T, r.parent>::type>::name;
  using list = typename parent::espalier_parts;
  using type = type_at<list, place_of_child<list>(view_of<T>.is_repeated(I) ? 0 : r.number)>;
};
template <class T>
struct part_of_record<T, 0> {
  using type = T;
};

/// The name that the tree gives to record `I`.
template <class T, node_index I>
using name_at = typename child_parts<typename part_of_record<T, I>::type>::name;

/// The options of record `I`.
template <class T, node_index I>
using options_at = typename child_parts<typename part_of_record<T, I>::type>::options;

}  // namespace espalier::detail
