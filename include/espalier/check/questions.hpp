// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/exposure.hpp>
#include <espalier/check/findings.hpp>
#include <espalier/check/type_at.hpp>

// Questions to the compiler about a tree. All are constant expressions, and none fails to compile on a bad
// tree.
namespace espalier {

namespace detail {

/// A set of records as flags, and how many there are.
template <std::size_t N>
struct selection {
  std::array<bool, N> in{};
  std::size_t size = 0;
};

template <class T, class Select>
constexpr auto select_processes(Select select) {
  selection<records_of<T>.size()> out;
  select([&](node_index first, node_index last) {
    for (; first != last; ++first) {
      const bool is_meant = !view_of<T>.is_pattern(first) && !view_of<T>.is_repeated(first);
      if (!out.in[first] && !view_of<T>[first].supervisor && is_meant) {
        out.in[first] = true;
        ++out.size;
      }
    }
  });
  return out;
}

/// The selected records, in tree order.
template <auto const& Selected>
inline constexpr auto selected_nodes = [] {
  std::array<node_index, Selected.size + 1> out{};
  std::size_t n = 0;
  for (node_index i = 0; i != Selected.in.size(); ++i) {
    if (Selected.in[i]) out[n++] = i;
  }
  return out;
}();

/// The selected records' names as a list of types.
template <class T, template <class...> class List, auto const& Selected, std::size_t... I>
constexpr auto list_names(std::index_sequence<I...>) {
  return List<name_at<T, selected_nodes<Selected>[I]>...>{};
}
template <class T, template <class...> class List, auto const& Selected>
constexpr auto names_of_selected() {
  return list_names<T, List, Selected>(std::make_index_sequence<Selected.size>{});
}

template <class T>
inline constexpr auto all_processes = select_processes<T>([](auto add) { add(0, view_of<T>.size); });

template <class T, class P>
inline constexpr resolution found_from_root = resolve_from_root(view_of<T>, lookup_of<T>, id_of<P>);

template <class T, class P, unsigned Step>
inline constexpr auto ended_with = select_processes<T>([](auto add) {
  constexpr resolution p = found_from_root<T, P>;
  if (p.what == found::nowhere) return;
  const outage o = crash(view_of<T>, p.node, Step);
  add(o.first, o.last);
});

template <class T, class P>
inline constexpr auto exposed_to = select_processes<T>([](auto add) {
  constexpr resolution p = found_from_root<T, P>;
  if (p.what == found::nowhere) return;
  node_index mark[view_of<T>.size] = {};
  node_index list[view_of<T>.size] = {};
  reach reached{mark, list};
  expose(outages_of<T>.data(), callers_of<T>, p.node, reached);
  for (std::size_t i = 0; i != reached.size; ++i) add(list[i], list[i] + 1);
});

template <class T, class P>
constexpr std::uint64_t budget_for() {
  constexpr resolution p = found_from_root<T, P>;
  return p.what == found::nowhere ? 0 : budget_of(view_of<T>, p.node);
}

constexpr std::size_t count_processes(tree_view tree) {
  std::size_t n = 0;
  for (node_index i = 0; i != tree.size; ++i) n += tree[i].supervisor || tree.is_pattern(i) ? 0U : 1U;
  return n;
}

constexpr std::size_t count_supervisors(tree_view tree) {
  std::size_t n = 0;
  for (node_index i = 0; i != tree.size; ++i) n += tree[i].supervisor ? 1U : 0U;
  return n;
}

constexpr std::size_t depth_of(tree_view tree) {
  std::size_t deepest = 0;
  std::size_t here = 0;  // of the supervisors around a record
  node_index inner = no_node;
  for (node_index i = 0; i != tree.size; ++i) {
    for (; inner != no_node && tree[inner].end <= i; inner = tree[inner].parent) --here;
    deepest = here > deepest ? here : deepest;
    if (tree[i].supervisor) {
      inner = i;
      ++here;
    }
  }
  return deepest;
}

}  // namespace detail

/// The static processes of the tree; supervisors do not count.
template <class T>
inline constexpr std::size_t process_count = detail::count_processes(detail::view_of<T>);

/// The supervisors of the tree, also dynamic ones.
template <class T>
inline constexpr std::size_t supervisor_count = detail::count_supervisors(detail::view_of<T>);

/// The most supervisors that stand above one process, so 1 for a root with processes only.
template <class T>
inline constexpr std::size_t depth = detail::depth_of(detail::view_of<T>);

/// The process names of the tree in the order in which they start. Compares in order with
/// `es::processes<...>`.
template <class T>
inline constexpr auto start_order =
    detail::names_of_selected<T, ordered_processes, detail::all_processes<T>>();

/// The process names whose running incarnation ends because `P` crashes once, with all children running and
/// no restart counted yet (SEMANTICS 25). With `Step`, the same after that many escalations. Empty if the
/// tree has no process of that name; if it has several, the first one is meant.
template <class T, class P, unsigned Step = 0>
inline constexpr auto blast_radius =
    detail::names_of_selected<T, processes, detail::ended_with<T, P, Step>>();

/// The process names whose running incarnation may end because `P` crashes once: `blast_radius`, and who
/// calls one of those and does not catch the failed call, with their radii (SEMANTICS 8).
template <class T, class P>
inline constexpr auto exposed = detail::names_of_selected<T, processes, detail::exposed_to<T, P>>();

/// How many crashes of `P` at one instant the tree survives, by the restarts that its supervisors allow;
/// `es::unbounded` if `P` ends for good before the root does (SEMANTICS 26). Saturates below that; 0 if the
/// tree has no process of that name.
template <class T, class P>
inline constexpr std::uint64_t crash_budget = detail::budget_for<T, P>();

/// The longest time that an orderly stop of the running tree takes: the sum of its processes' shutdown
/// limits, or `es::unbounded` if one of them is infinite (SEMANTICS 27).
template <class T>
inline constexpr duration shutdown_bound = detail::bound_of_stop(detail::view_of<T>, 0,
                                                                 detail::view_of<T>.size);

}  // namespace espalier
