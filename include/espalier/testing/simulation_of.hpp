// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/testing/simulation.hpp>

namespace espalier {

namespace detail {

template <class P>
struct alone : supervisor<child<P>> {};

/// The records of a process alone with those it names: a supervisor, a stand-in for each name, and the
/// process.
struct records_alone {
  std::vector<record> records;
  std::vector<node_index> sorted;
  std::vector<std::uint64_t> hashes;  // of their names

  explicit records_alone(tree_view alone_tree) {
    records.push_back(alone_tree[0]);
    record process = alone_tree[1];
    for (std::uint32_t e = 0; e != process.edge_count; ++e) {
      if (process.edges[e].kind == edge_kind::restarts_with || knows(process.edges[e].name)) continue;
      if (process.edges[e].name == process.name) continue;
      add({.name = process.edges[e].name, .parent = 0});
    }
    add(process);
    // What happens to the stand-ins, and how often, is the test's business.
    record& root = records[0];
    root.strategy = strategy_kind::one_for_one;
    root.max_restarts = 1000;
    root.period = duration{1};
    root.children = static_cast<std::uint32_t>(records.size() - 1);
    root.end = static_cast<node_index>(records.size());
    sort_names();
  }

  tree_view view() const {
    return {.records = records.data(), .size = static_cast<node_index>(records.size())};
  }
  node_index process() const { return static_cast<node_index>(records.size() - 1); }
  node_index find(type_id name) const {
    for (node_index i = 1; i != records.size(); ++i) {
      if (records[i].name == name) return i;
    }
    return no_node;
  }

 private:
  void sort_names() {
    std::vector<std::uint64_t> keys;
    std::vector<node_index> list;
    for (record const& r : records) {
      keys.push_back(r.name.hash());
      list.push_back(static_cast<node_index>(list.size()));
    }
    std::vector<node_index> spare(list.size());
    sorted.resize(list.size());
    hashes.resize(list.size());
    sorted.resize(pick_names(view(), sort(keys.data(), list.data(), spare.data(), list.size()), sorted.data(),
                             hashes.data()));
  }
  bool knows(type_id name) const { return find(name) != no_node; }
  void add(record r) {
    r.parent = 0;
    r.number = static_cast<std::uint32_t>(records.size() - 1);
    r.end = static_cast<node_index>(records.size() + 1);
    records.push_back(r);
  }
};

}  // namespace detail

/// One process alone, under the seeded scheduler and the virtual clock. Those that it names in `calls` and
/// `casts` are stand-ins: they answer what the test says, a call without an answer crashes them, and any
/// other cast to them is lost. A process that crashes is restarted.
template <class P>
class simulation_of : private detail::records_alone, public testing::simulated_tree {
 public:
  explicit simulation_of(seed s = {}) : simulation_of(with(), s) {}
  /// Throws `es::start_failed` if the process does not start.
  template <class... C>
  explicit simulation_of(given<C...> values, seed s = {}) : simulation_of(not_started, std::move(values), s) {
    start();
  }
  /// Without a start: what is set up before `start()` applies to it.
  explicit simulation_of(not_started_t, seed s = {}) : simulation_of(not_started, with(), s) {}
  template <class... C>
  simulation_of(not_started_t, given<C...> values, seed s = {})
      : records_alone(detail::view_of<tree>), simulated_tree(records_alone::view(), s) {
    static_assert(sizeof(detail::wiring_check<tree, C...>) != 0);
    auto kept = std::make_shared<given<C...>>(std::move(values));
    std::vector<runtime::process_type> types(records.size(), {&testing::vacant_life::make, {}});
    types[0] = {};
    types[process()] = detail::process_type_at<tree, 1>(kept->values);
    make_engine({sorted.data(), hashes.data(), sorted.size()}, std::move(types), kept);
    for (node_index i = 1; i != process(); ++i) stand_in_at(i);
  }

  /// Sends the process a message. It is handled when the simulation runs.
  template <class M>
  void cast(M&& m) {
    if constexpr (detail::may_cast<process_of<P>, process_of<P>, std::remove_cvref_t<M>>()) {
      cast_to<P>(address_at(process()), std::forward<M>(m));
    }
  }
  /// Sends it a request and runs until the reply. Throws `es::call_failed`.
  template <class M>
  auto call(M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask<P, std::remove_cvref_t<M>>()) {
      return call_at<P>(address_at(process()), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }
  /// The same, as an `es::answer`: the reply, or the reason why there is none.
  template <class M>
  auto try_call(M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask<P, std::remove_cvref_t<M>>()) {
      return try_call_at<P>(address_at(process()), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }

  /// Crashes the process: at its next message, or where the argument says.
  template <class When = at_message>
  void crash(When when = {}) {
    crash_at(process(), when);
  }
  /// From now on each of its handlers is busy for that long before it is entered.
  void slow(duration d) { slow_at(process(), {}, d); }

  /// What the stand-in for `Q` answers to message `M`, and does with a cast: a value, a function of the
  /// message, `es::never{}` or `es::dies{}`.
  template <class Q, class M, class Answer>
  void answer(Answer given) {
    if constexpr (!detail::edge_to<process_of<P>, Q>.found) {
      detail::refuse_undeclared_cast<P, Q>();
    } else if constexpr (detail::may_answer<Q, M, Answer>()) {
      stand_in_at(find(id_of<Q>)).set(id_of<M>, testing::make_handler<process_of<Q>, M>(std::move(given)));
    }
  }
  /// From now on what the stand-in for `Q` answers takes that long to arrive.
  template <class Q>
  void delay(duration d) {
    if constexpr (!detail::edge_to<process_of<P>, Q>.found) {
      detail::refuse_undeclared_cast<P, Q>();
    } else {
      delay_between(find(id_of<Q>), process(), d);
    }
  }

 private:
  using tree = detail::alone<P>;
};

}  // namespace espalier
