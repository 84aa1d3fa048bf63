// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/check/record.hpp>
#include <espalier/plan/supervisor_plan.hpp>

// What one crash does to a tree: `plan` run upwards from the process that crashed, with every order obeyed at
// once.
namespace espalier::detail {

constexpr plan::supervisor_rule rule_of(record const& r) {
  return {r.strategy, r.auto_shutdown, r.max_restarts < 0 ? 0 : static_cast<std::size_t>(r.max_restarts),
          r.period};
}

/// What becomes of a supervisor and of its children when one of them has ended.
struct aftermath {
  bool ends = false;      // it gives up, or shuts down by itself
  bool restarts = false;  // the child runs again
  bool stops_before = false;
  bool stops_after = false;  // the siblings before the child, and those after it
};

/// Whether one of the records `first` to `last`, siblings, is significant.
constexpr bool has_significant(tree_view tree, node_index first, node_index last) {
  for (; first != last; first = tree[first].end) {
    if (tree[first].significant) return true;
  }
  return false;
}

/// Runs the plan of the supervisor of `victim`, with all its children running and no restart counted, or none
/// left if the budget is spent.
///
/// The plan treats all siblings before the victim alike, and all after it, so that one stands for all of
/// them, and no answer costs more in a supervisor with a thousand children.
constexpr aftermath end_child(tree_view tree, node_index victim, plan::exit_class why, bool is_budget_spent) {
  const node_index s = tree[victim].parent;
  const bool has_before = victim != s + 1;
  const bool has_after = tree[victim].end != tree[s].end;
  const plan::child_index at = has_before ? 1 : 0;
  std::array<plan::child_rule, 3> rules{};
  std::array<plan::child_state, 3> states{};
  rules[at] = {tree[victim].restart, tree[victim].significant};
  if (tree[s].auto_shutdown == auto_shutdown_kind::all_significant) {
    if (has_before) rules[0].significant = has_significant(tree, s + 1, victim);
    if (has_after) rules[at + 1].significant = has_significant(tree, tree[victim].end, tree[s].end);
  }
  plan::supervisor_rule rule = rule_of(tree[s]);
  instant one_restart{};
  rule.max_restarts = is_budget_spent || rule.max_restarts == 0 ? 0 : 1;  // no more than one is counted here
  plan::supervisor_plan decide{rule, rules.data(), states.data(), at + 1U + (has_after ? 1U : 0U),
                               &one_restart};
  decide.assume_running();

  plan::order next{.what = plan::order_kind::park};
  auto orders = [&](plan::order o) {
    if (o.what == plan::order_kind::start || o.what == plan::order_kind::stop ||
        o.what == plan::order_kind::ended) {
      next = o;
    }
  };
  aftermath out;
  decide.child_ended(at, why, instant{}, orders);
  while (next.what == plan::order_kind::start || next.what == plan::order_kind::stop) {
    const plan::order o = next;
    next.what = plan::order_kind::park;
    if (o.what == plan::order_kind::start) {
      decide.started(o.child, instant{}, orders);
    } else {
      (o.child < at ? out.stops_before : out.stops_after) = true;
      decide.child_ended(o.child, plan::exit_class::shutdown, instant{}, orders);
    }
  }
  out.ends = next.what == plan::order_kind::ended;
  out.restarts = decide.child(at).now == plan::status::running;
  return out;
}

/// What one crash ends, and where that stops.
struct outage {
  node_index first = 0;   // the records that end, from here
  node_index last = 0;    // to here
  node_index victim = 0;  // whose end its supervisor put right; the root if nobody did
  bool restarts = false;  // the victim runs again

  constexpr bool ends(node_index i) const { return first <= i && i < last; }

  /// Whether record `i`, which ends, runs again after that.
  constexpr bool brings_back(tree_view tree, node_index i) const {
    if (victim == 0) return false;
    while (tree[i].parent != tree[victim].parent) i = tree[i].parent;
    return i == victim ? restarts : tree[i].restart != restart_kind::temporary;
  }
};

/// What ends because `process` crashes once, or because that supervisor ends by itself, with all children
/// running and no restart counted. The first `escalations` supervisors above it are taken to have used up
/// their budget.
constexpr outage crash(tree_view tree, node_index process, unsigned escalations = 0) {
  plan::exit_class why = tree[process].supervisor ? plan::exit_class::shutdown : plan::exit_class::abnormal;
  node_index victim = process;
  while (tree[victim].parent != no_node) {
    const node_index s = tree[victim].parent;
    const bool is_budget_spent = escalations != 0;
    if (is_budget_spent) --escalations;
    const aftermath after = end_child(tree, victim, why, is_budget_spent);
    if (!after.ends) {
      return {after.stops_before ? s + 1 : victim, after.stops_after ? tree[s].end : tree[victim].end, victim,
              after.restarts};
    }
    why = plan::exit_class::shutdown;
    victim = s;
  }
  return {0, tree.size, 0, false};
}

/// How many crashes of `process` at one instant the tree survives; `UINT64_MAX` if there is no end to them.
constexpr std::uint64_t budget_of(tree_view tree, node_index process) {
  std::uint64_t crashes = 1;  // that end the victim for the one above it
  plan::exit_class why = plan::exit_class::abnormal;
  for (node_index victim = process; tree[victim].parent != no_node; victim = tree[victim].parent) {
    const aftermath first = end_child(tree, victim, why, false);
    if (!first.ends && !first.restarts) return UINT64_MAX;
    if (!first.ends) {
      // Each restart of the victim begins its own count anew.
      const auto times = static_cast<std::uint64_t>(tree[tree[victim].parent].max_restarts) + 1;
      crashes = crashes > (UINT64_MAX - 1) / times ? UINT64_MAX - 1 : crashes * times;
    }
    why = plan::exit_class::shutdown;
  }
  return crashes == UINT64_MAX - 1 ? crashes : crashes - 1;
}

}  // namespace espalier::detail
