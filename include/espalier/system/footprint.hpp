// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/questions.hpp>
#include <espalier/process/life.hpp>
#include <espalier/runtime/place.hpp>

// What the static processes of a tree take. It is asked here, because only the runtime knows how large a
// place is.
namespace espalier {

namespace detail {

template <class P, class Needs>
inline constexpr std::size_t values_needed = 0;
template <class P, class... C>
inline constexpr std::size_t values_needed<P, environment<C...>> = sizeof...(C);

/// One process: its place, the block of an incarnation, and the addresses that it was given. Of a child that
/// is no process, only the place.
template <class T, node_index I>
constexpr std::size_t bytes_of() {
  using process = process_of<name_at<T, I>>;
  std::size_t bytes = sizeof(runtime::place);
  if constexpr (records_of<T>[I].is_process) {
    if constexpr (!std::is_abstract_v<process>) bytes += sizeof(runtime::life<process>);
    bytes += edges_of<process>::size * (sizeof(runtime::place*) + sizeof(runtime::parent*));
    bytes += values_needed<process, typename needs_of<process>::type> * sizeof(void const*);
  }
  return bytes;
}

template <class T, std::size_t... I>
constexpr std::size_t bytes_of_all(std::index_sequence<I...>) {
  constexpr std::size_t each[] = {bytes_of<T, selected_nodes<all_processes<T>>[I]>()..., 0};
  std::size_t sum = 0;
  for (std::size_t bytes : each) sum += bytes;
  return sum;
}

}  // namespace detail

/// The bytes that a system reserves for its static processes: their places, one incarnation of each, and the
/// addresses that it is given. Without coroutine frames, messages, and what the processes allocate (SEMANTICS
/// 28).
template <class T>
inline constexpr std::size_t footprint =
    detail::bytes_of_all<T>(std::make_index_sequence<process_count<T>>{});

}  // namespace espalier
