// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/questions.hpp>

// Whether a restart budget is effective: a period that ends before the restarts are used up forgets them, and
// then the same crash is repaired for ever, and nobody above hears of it (reference E.3, row 23).
namespace espalier {

namespace detail {

/// The least time that `restarts` restarts of a child wait by its back-off, its jitter taken off.
constexpr duration least_waits(record const& child, duration period, duration cycle, std::int64_t restarts) {
  duration sum{};
  if (!child.backs_off || child.backoff_first <= duration{0} || cycle >= period) return sum;
  duration wait = child.backoff_first;
  std::int64_t repeated = restarts - 1;  // the first one does not wait
  for (; repeated > 0 && wait < child.backoff_max; --repeated) {
    sum = sum + duration{wait.nanoseconds - wait.nanoseconds / 4};
    wait = wait * 2;
  }
  if (repeated <= 0) return sum;
  return sum + duration{child.backoff_max.nanoseconds - child.backoff_max.nanoseconds / 4} * repeated;
}

/// Whether the root survives that `process` crashes for ever, `cycle` after each of its starts.
constexpr bool survives_for_ever(tree_view tree, node_index process, duration cycle) {
  plan::exit_class why = plan::exit_class::abnormal;
  for (node_index victim = process; tree[victim].parent != no_node; victim = tree[victim].parent) {
    const record& above = tree[tree[victim].parent];
    const aftermath first = end_child(tree, victim, why, false);
    if (!first.ends) {
      if (!first.restarts) return true;
      const std::int64_t restarts = above.max_restarts;
      if (cycle * restarts > above.period) return true;
      // The supervisor ends by the crash that follows the last restart.
      const duration waits = least_waits(tree[victim], above.period, cycle, restarts);
      cycle = cycle * restarts + cycle + waits;
    }
    why = plan::exit_class::shutdown;
  }
  return false;
}

template <class T, class P>
constexpr bool never_ends_the_root(duration cycle) {
  constexpr resolution p = found_from_root<T, P>;
  return p.what != found::nowhere && survives_for_ever(view_of<T>, p.node, cycle);
}

}  // namespace detail

/// Whether the tree survives that `P` crashes for ever, each time `Cycle` after the crash before, which is as
/// fast as it can: some supervisor's period forgets its restarts before they are used up, or `P` ends for
/// good before the root does. False if the crashes end the root at last, or the tree has no process of that
/// name.
template <class T, class P, duration Cycle>
inline constexpr bool never_escalates = detail::never_ends_the_root<T, P>(Cycle);

}  // namespace espalier
