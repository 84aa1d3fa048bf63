// The questions run the plan of a supervisor with one sibling on each side of the child that ended. Here they
// are compared with the plan of all its children.
#include <espalier/check.hpp>

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace es = espalier;
using es::node_index;

namespace {

/// A root with processes and supervisors without children, as records.
struct family {
  std::vector<es::record> records;

  es::tree_view view() const { return {records.data(), static_cast<node_index>(records.size()), nullptr, 0}; }
};

template <class... Choices>
auto one_of(std::mt19937& random, Choices... choices) {
  const std::common_type_t<Choices...> all[] = {choices...};
  return all[random() % sizeof...(choices)];
}

family make_family(std::mt19937& random) {
  const auto children = static_cast<node_index>(random() % 6 + 1);
  family out;
  out.records.resize(children + 1);
  es::record& root = out.records[0];
  root.supervisor = true;
  root.end = children + 1;
  root.children = children;
  root.strategy = one_of(random, es::strategy_kind::one_for_one, es::strategy_kind::one_for_all,
                         es::strategy_kind::rest_for_one);
  root.auto_shutdown = one_of(random, es::auto_shutdown_kind::never, es::auto_shutdown_kind::any_significant,
                              es::auto_shutdown_kind::all_significant);
  root.max_restarts = one_of(random, -1, 0, 1, 9);
  for (node_index i = 1; i != out.records.size(); ++i) {
    es::record& r = out.records[i];
    r.parent = 0;
    r.end = i + 1;
    r.number = i - 1;
    r.supervisor = random() % 4 == 0;
    r.restart =
        one_of(random, es::restart_kind::permanent, es::restart_kind::transient, es::restart_kind::temporary);
    r.significant = random() % 2 == 0;
  }
  return out;
}

/// What the plan of all children does about one end.
struct whole {
  explicit whole(es::tree_view tree)
      : rules(tree.size - 1), states(rules.size()), ring(10), ends(rules.size()) {
    for (node_index i = 1; i != tree.size; ++i) rules[i - 1] = {tree[i].restart, tree[i].significant};
  }

  void run(es::tree_view tree, node_index victim, es::plan::exit_class why, bool is_budget_spent) {
    es::plan::supervisor_rule rule = es::detail::rule_of(tree[0]);
    if (is_budget_spent) rule.max_restarts = 0;
    es::plan::supervisor_plan decide{rule, rules.data(), states.data(),
                                     static_cast<es::plan::child_index>(rules.size()), ring.data()};
    decide.assume_running();
    std::vector<es::plan::order> to_do;
    auto orders = [&](es::plan::order const& o) { to_do.push_back(o); };
    decide.child_ended(victim - 1, why, {}, orders);
    for (std::size_t i = 0; i != to_do.size(); ++i) {
      const es::plan::order o = to_do[i];
      if (o.what == es::plan::order_kind::start) decide.started(o.child, {}, orders);
      if (o.what == es::plan::order_kind::stop) {
        ends[o.child] = true;
        decide.child_ended(o.child, es::plan::exit_class::shutdown, {}, orders);
      }
      if (o.what == es::plan::order_kind::ended) has_ended = true;
    }
    ends[victim - 1] = true;
  }
  bool runs_again(node_index i) const { return states[i - 1].now == es::plan::status::running; }

  std::vector<es::plan::child_rule> rules;
  std::vector<es::plan::child_state> states;
  std::vector<es::instant> ring;
  std::vector<bool> ends;
  bool has_ended = false;
};

TEST_CASE("one sibling on each side stands for all of them, whatever the policy (SEMANTICS 25)") {
  std::mt19937 random(5);
  int ended = 0;
  int spread = 0;
  for (int n = 0; n != 3000; ++n) {
    const family f = make_family(random);
    const es::tree_view tree = f.view();
    const auto victim = static_cast<node_index>(random() % (tree.size - 1) + 1);
    const unsigned step = random() % 2;
    const es::plan::exit_class why =
        tree[victim].supervisor ? es::plan::exit_class::shutdown : es::plan::exit_class::abnormal;
    whole all(tree);
    all.run(tree, victim, why, step != 0);

    const es::detail::outage o = es::detail::crash(tree, victim, step);
    CHECK(o.ends(0) == all.has_ended);
    for (node_index i = 1; i != tree.size; ++i) {
      CHECK(o.ends(i) == all.ends[i - 1]);
      if (o.ends(i)) CHECK(o.brings_back(tree, i) == all.runs_again(i));
    }
    ended += all.has_ended;
    spread += !all.has_ended && o.last - o.first > 1;
  }
  CHECK(ended > 300);
  CHECK(spread > 150);
}

}  // namespace
