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

constexpr node_index child_of(tree_view tree, node_index supervisor, std::uint32_t number) {
  node_index i = supervisor + 1;
  for (; number != 0; --number) i = tree[i].end;
  return i;
}

constexpr std::uint32_t most_children(tree_view tree) {
  std::uint32_t most = 0;
  for (node_index i = 0; i != tree.size; ++i) most = tree[i].children > most ? tree[i].children : most;
  return most;
}

/// What becomes of a supervisor when one of its children has ended.
struct aftermath {
  bool ends = false;      // it gives up, or shuts down by itself
  bool restarts = false;  // the child runs again
};

/// Runs the plan of the supervisor of `victim`, with all its children running and no restart counted, or none
/// left if the budget is spent. Calls `ended(first, last)` for the records of each sibling that is stopped.
template <std::uint32_t MostChildren, class Ended>
constexpr aftermath end_child(tree_view tree, node_index victim, plan::exit_class why, bool is_budget_spent,
                              Ended& ended) {
  const node_index s = tree[victim].parent;
  std::array<plan::child_rule, MostChildren> rules{};
  std::array<plan::child_state, MostChildren> states{};
  std::array<node_index, MostChildren> nodes{};
  for (std::uint32_t i = 0, at = s + 1; i != tree[s].children; ++i, at = tree[at].end) {
    rules[i] = {tree[at].restart, tree[at].significant};
    nodes[i] = at;
  }
  plan::supervisor_rule rule = rule_of(tree[s]);
  instant one_restart{};
  rule.max_restarts = is_budget_spent || rule.max_restarts == 0 ? 0 : 1;  // no more than one is counted here
  plan::supervisor_plan decide{rule, rules.data(), states.data(), tree[s].children, &one_restart};
  decide.assume_running();

  plan::order next{.what = plan::order_kind::park};
  auto orders = [&](plan::order o) {
    if (o.what == plan::order_kind::start || o.what == plan::order_kind::stop ||
        o.what == plan::order_kind::ended) {
      next = o;
    }
  };
  decide.child_ended(tree[victim].number, why, instant{}, orders);
  while (next.what == plan::order_kind::start || next.what == plan::order_kind::stop) {
    const plan::order o = next;
    next.what = plan::order_kind::park;
    if (o.what == plan::order_kind::start) {
      decide.started(o.child, instant{}, orders);
    } else {
      ended(nodes[o.child], tree[nodes[o.child]].end);
      decide.child_ended(o.child, plan::exit_class::shutdown, instant{}, orders);
    }
  }
  return {next.what == plan::order_kind::ended,
          decide.child(tree[victim].number).now == plan::status::running};
}

/// Calls `ended(first, last)` for each range of records that ends because `process` crashes once, or because
/// that supervisor ends by itself, with all children running and no restart counted. The first `escalations`
/// supervisors above it are taken to have used up their budget. `MostChildren` bounds the children of any
/// supervisor of the tree.
template <std::uint32_t MostChildren, class Ended>
constexpr void crash(tree_view tree, node_index process, unsigned escalations, Ended ended) {
  ended(process, tree[process].end);
  plan::exit_class why = tree[process].supervisor ? plan::exit_class::shutdown : plan::exit_class::abnormal;
  for (node_index victim = process; tree[victim].parent != no_node; victim = tree[victim].parent) {
    const bool is_budget_spent = escalations != 0;
    if (is_budget_spent) --escalations;
    if (!end_child<MostChildren>(tree, victim, why, is_budget_spent, ended).ends) return;
    const node_index s = tree[victim].parent;
    ended(s, tree[s].end);
    why = plan::exit_class::shutdown;
  }
}

/// How many crashes of `process` at one instant the tree survives; `UINT64_MAX` if there is no end to them.
template <std::uint32_t MostChildren>
constexpr std::uint64_t budget_of(tree_view tree, node_index process) {
  auto nothing = [](node_index, node_index) {};
  std::uint64_t crashes = 1;  // that end the victim for the one above it
  plan::exit_class why = plan::exit_class::abnormal;
  for (node_index victim = process; tree[victim].parent != no_node; victim = tree[victim].parent) {
    const aftermath first = end_child<MostChildren>(tree, victim, why, false, nothing);
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

/// Whether a crash of `process` also ends `other`.
template <std::uint32_t MostChildren>
constexpr bool crash_ends(tree_view tree, node_index process, node_index other) {
  bool out = false;
  crash<MostChildren>(tree, process, 0, [&](node_index first, node_index last) {
    out = out || (first <= other && other < last);
  });
  return out;
}

}  // namespace espalier::detail
