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

/// Calls `ended(first, last)` for each range of records that ends because `process` crashes once, with all
/// children running and no restart counted. The first `escalations` supervisors above it are taken to have
/// used up their budget. `MostChildren` bounds the children of any supervisor of the tree.
template <std::uint32_t MostChildren, class Ended>
constexpr void crash(tree_view tree, node_index process, unsigned escalations, Ended ended) {
  ended(process, process + 1);
  plan::exit_class why = plan::exit_class::abnormal;
  for (node_index victim = process; tree[victim].parent != no_node; victim = tree[victim].parent) {
    const node_index s = tree[victim].parent;
    std::array<plan::child_rule, MostChildren> rules{};
    std::array<plan::child_state, MostChildren> states{};
    std::array<node_index, MostChildren> nodes{};
    for (std::uint32_t i = 0, at = s + 1; i != tree[s].children; ++i, at = tree[at].end) {
      rules[i] = {tree[at].restart, tree[at].significant};
      nodes[i] = at;
    }
    plan::supervisor_rule rule = rule_of(tree[s]);
    if (escalations != 0) rule.max_restarts = 0;
    if (escalations != 0) --escalations;
    instant one_restart{};
    rule.max_restarts = rule.max_restarts == 0 ? 0 : 1;  // no more than one is counted here
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
    if (next.what != plan::order_kind::ended) return;
    ended(s, tree[s].end);
    why = plan::exit_class::shutdown;
  }
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
