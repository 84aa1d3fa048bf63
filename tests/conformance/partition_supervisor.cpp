#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <set>

// Elixir's PartitionSupervisor: partition_supervisor_test.exs.

namespace es = espalier;
using namespace es::literals;

namespace {

/// Keeps what was put, and knows its partition, as with Elixir's `with_arguments`.
struct agent {
  explicit agent(es::context<agent>& self) : partition(self.partition()) {}
  struct update {
    int to;
  };
  struct get {
    using reply = int;
  };
  struct which {
    using reply = std::size_t;
  };
  void handle(update m) { state = m.to; }
  int handle(get) { return state; }
  std::size_t handle(which) { return partition; }
  std::size_t partition;
  int state = 0;
};

struct agents : es::partitioned<es::child<agent>, 8> {};
struct more_agents : es::partitioned<es::child<agent>, 3> {};
struct app : es::supervisor<agents, more_agents> {};

TEST_CASE(
    "child_spec: a partitioned supervisor is a child by its own name, and two of one process type differ") {
  static_assert(es::is_valid<app>);
  struct twice : es::supervisor<agents, agents> {};
  static_assert(!es::is_valid<twice>);
  es::simulation<app> sim;
  std::vector<es::type_id> names;
  for (auto const& child : sim.which_children<app>()) names.push_back(child.name);
  CHECK(names == std::vector<es::type_id>{es::id_of<agents>, es::id_of<more_agents>});
}

TEST_CASE("start_link/1: a number is routed by its absolute value modulo the partitions") {
  es::simulation<app> sim;
  for (int i = 0; i != 8; ++i) sim.cast<agents>(es::key{i}, agent::update{i});
  std::vector<int> found;
  for (int i : {0, 1, 7, 8, 9, -1, -7, -8, -9, 1000})
    found.push_back(sim.call<agents>(es::key{i}, agent::get{}));
  CHECK(found == std::vector<int>{0, 1, 7, 0, 1, 1, 7, 0, 1, 0});
  CHECK(sim.call<more_agents>(es::key{7}, agent::get{}) == 0);  // the other one's state is its own
}

TEST_CASE("start_link/1: other keys are routed by their hash, always alike and to all partitions") {
  es::simulation<app> sim;
  std::set<std::size_t> seen;
  for (int i = 0; i != 100; ++i) {
    const std::string text = std::to_string(i);
    const auto at = sim.call<agents>(es::key{text}, agent::which{});
    CHECK(sim.call<agents>(es::key{text}, agent::which{}) == at);
    seen.insert(at);
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("start_link/1: with_arguments: each partition is told its number") {
  es::simulation<app> sim;
  for (std::size_t i = 0; i != 8; ++i) CHECK(sim.call<agents>(es::key{i}, agent::which{}) == i);
  sim.crash<agents>(es::key{5});
  sim.cast<agents>(es::key{5}, agent::update{1});
  sim.run_until_idle();
  CHECK(sim.call<agents>(es::key{5}, agent::which{}) == 5);
}

TEST_CASE("stop/1: all partitions are gone when the stop is over") {
  es::simulation<app> sim;
  CHECK(sim.stop() == es::reason::shutdown);
  for (int i = 0; i != 8; ++i) {
    CHECK(sim.try_call<agents>(es::key{i}, agent::get{}).reason() == es::reason::noproc);
  }
}

TEST_CASE(
    "partitions/1 unknown (atom, via); count_children unknown: of what does not run there is nothing to "
    "count") {
  es::simulation<app> sim;
  sim.stop();
  CHECK(sim.count_children<agents>() == es::child_counts{});
  CHECK(sim.which_children<agents>().empty());
}

TEST_CASE("which_children; count_children: as many workers as partitions, and as many that run") {
  es::simulation<app> sim;
  CHECK(sim.count_children<agents>() == es::child_counts{.specs = 8, .active = 8, .workers = 8});
  CHECK(sim.count_children<more_agents>() == es::child_counts{.specs = 3, .active = 3, .workers = 3});
  CHECK(sim.count_children<app>() == es::child_counts{.specs = 2, .active = 2, .supervisors = 2});
  for (auto const& child : sim.which_children<more_agents>()) {
    CHECK(child.name == es::id_of<agent>);
    CHECK(child.status == es::child_status::running);
  }
}

}  // namespace
