// Elixir's DynamicSupervisor on compiled trees: how its children are stopped.
#include <doctest/doctest.h>

#include <algorithm>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;
using es::reason;
using told::start;

namespace {

/// Takes as long to stop as it is told, and ends then with the reason that it had before.
struct sleepy : told::process<sleepy> {
  using args = es::arguments<es::duration>;
  explicit sleepy(es::duration d) : to_stop(d) {}
  es::task<void> terminate(es::exit_reason const&, es::context<sleepy>& self) {
    co_await self.sleep(to_stop);
  }
  es::duration to_stop;
};

template <class... Options>
struct group_of : es::dynamic<es::child<sleepy, es::allow<es::terminate_skipped_on_stop>, Options...>> {};

TEST_CASE("with valid / invalid shutdown: 0 s and 1 ms are accepted, a negative one is not") {
  static_assert(es::is_valid<group_of<es::shutdown<0_s>>>);
  static_assert(es::is_valid<group_of<es::shutdown<1_ms>>>);
  static_assert(!es::is_valid<group_of<es::shutdown<-1_ms>>>);
  auto stops_within = []<class Group>(std::type_identity<Group>, es::duration limit) {
    es::simulation<Group> sim;
    CHECK(sim.template start_child<Group>(es::infinity));
    CHECK(sim.stop() == reason::shutdown);
    CHECK(sim.elapsed() == limit);
    CHECK(sim.contains(es::trace{}.ended<sleepy>(reason::killed).template stopped<Group>()));
  };
  stops_within(std::type_identity<group_of<es::shutdown<0_s>>>{}, 0_s);
  stops_within(std::type_identity<group_of<es::shutdown<1_ms>>>{}, 1_ms);
  struct idle : told::process<idle> {};
  struct at_once : es::dynamic<es::child<idle, es::shutdown<0_s>>> {};
  es::simulation<at_once> sim;
  CHECK(sim.terminate_child(sim.start_child<at_once>()) == child_result::ok);
  CHECK(sim.matches(es::trace{}.started<idle>().stopped<idle>()));
}

/// Whether the children ended with these reasons, in any order.
template <class Group>
bool has_ended_with(es::simulation<Group>& sim, std::vector<reason> expected) {
  std::vector<reason> got;
  const es::trace all = sim.trace();
  for (es::trace::step const& s : all.steps()) {
    if (s.what == es::runtime::event_kind::ended && s.name == es::id_of<sleepy>) got.push_back(s.why);
  }
  std::ranges::sort(got);
  std::ranges::sort(expected);
  return got == expected;
}

/// Three children, which take so long to stop; with `why`, they are about to end by themselves.
template <class Group>
struct stop_of_three {
  explicit stop_of_three(std::vector<es::duration> const& to_stop, es::exit_reason const* why = nullptr) {
    for (es::duration d : to_stop) {
      const auto one = sim.template start_child<Group>(d);
      if (why != nullptr) told::to_end(sim, one, *why);
    }
    CHECK(sim.trace().steps().size() == 3);
    CHECK(sim.stop() == reason::shutdown);
    CHECK(sim.contains(es::trace{}.template stopped<Group>()));
    CHECK(sim.trace().steps().size() == 3 + 3 + 1);
    sim.audit_end();
    CHECK(sim.broken().empty());
  }
  es::simulation<Group> sim;
};

const es::exit_reason with_term{reason::shutdown, "oops"};  // {:shutdown, :oops}
const es::exit_reason normal = reason::normal;

TEST_CASE("terminate/2: with brutal_kill all are killed at once, and that is as ordered") {
  stop_of_three<group_of<es::brutal_kill>> three({0_s, 1_h, 1_h});
  CHECK(has_ended_with(three.sim, {reason::killed, reason::killed, reason::killed}));
  CHECK(three.sim.elapsed() == 0_s);
  CHECK(three.sim.reports().empty());
}

TEST_CASE("terminate/2: with infinity they take the time they need, side by side") {
  stop_of_three<group_of<es::shutdown<es::infinity>>> three({0_s, 1_h, 2_h});
  CHECK(has_ended_with(three.sim, {reason::shutdown, reason::shutdown, reason::shutdown}));
  CHECK(three.sim.elapsed() == 2_h);
  CHECK(three.sim.reports().empty());
}

TEST_CASE("terminate/2: with infinity and reasons of their own they keep them") {
  stop_of_three<group_of<es::shutdown<es::infinity>>> three({1_h, 1_h, 1_h}, &with_term);
  CHECK(has_ended_with(three.sim, {reason::shutdown, reason::shutdown, reason::shutdown}));
  CHECK(three.sim.elapsed() == 1_h);
}

TEST_CASE("terminate/2: within a limit they end with shutdown") {
  stop_of_three<group_of<es::shutdown<1000_ms>>> three({0_s, 0_s, 999_ms});
  CHECK(has_ended_with(three.sim, {reason::shutdown, reason::shutdown, reason::shutdown}));
  CHECK(three.sim.elapsed() == 999_ms);
  CHECK(three.sim.reports().empty());
}

TEST_CASE("terminate/2: within a limit and with reasons of their own they keep them") {
  const es::exit_reason abnormal{reason::crashed, "oops"};
  struct group : es::dynamic<es::child<sleepy, es::shutdown<1000_ms>>> {};
  stop_of_three<group> three({1_ms, 1_ms, 1_ms}, &abnormal);
  CHECK(has_ended_with(three.sim, {reason::crashed, reason::crashed, reason::crashed}));
  CHECK(three.sim.elapsed() == 1_ms);
  const std::string disobeyed = "shutdown_error group/sleepy (permanent) crashed";
  CHECK(told::reports(three.sim) == told::lines{disobeyed, disobeyed, disobeyed});
}

TEST_CASE("terminate/2: who is not done within the limit is killed, the others are not") {
  stop_of_three<group_of<es::shutdown<1_ms>>> three({0_s, es::infinity, 0_s});
  CHECK(has_ended_with(three.sim, {reason::shutdown, reason::killed, reason::shutdown}));
  CHECK(three.sim.elapsed() == 1_ms);
  CHECK(three.sim.reports().size() == 1);
}

TEST_CASE("terminate/2: permanent children that end normally meanwhile are not restarted") {
  struct group : es::dynamic<es::child<sleepy, es::permanent, es::shutdown<es::infinity>>> {};
  stop_of_three<group> three({1_s, 1_s, 1_s}, &normal);
  CHECK(has_ended_with(three.sim, {reason::normal, reason::normal, reason::normal}));
  const std::string disobeyed = "shutdown_error group/sleepy (permanent) normal";
  CHECK(told::reports(three.sim) == told::lines{disobeyed, disobeyed, disobeyed});
}

TEST_CASE(
    "terminate/2: two templates side by side, one for those who obey and one for those who are killed") {
  struct obedient : es::dynamic<es::child<sleepy, es::shutdown<es::infinity>>> {};
  struct killed : es::dynamic<es::child<sleepy, es::brutal_kill, es::allow<es::terminate_skipped_on_stop>>> {
  };
  struct tree : es::supervisor<obedient, killed> {};
  es::simulation<tree> sim;
  static_cast<void>(sim.start_child<obedient>(1_h));
  static_cast<void>(sim.start_child<killed>(1_h));
  CHECK(sim.stop() == reason::shutdown);
  CHECK(sim.matches(es::trace{}
                        .started<sleepy>()
                        .started<sleepy>()
                        .ended<sleepy>(reason::killed)
                        .stopped<killed>()
                        .stopped<sleepy>()
                        .stopped<obedient>()
                        .stopped<tree>()));
  CHECK(sim.elapsed() == 1_h);
}

template <class Group>
void is_terminated_with(es::duration to_stop, reason why, es::duration takes) {
  es::simulation<Group> sim;
  const auto one = sim.template start_child<Group>(to_stop);
  CHECK(sim.terminate_child(one) == child_result::ok);
  CHECK(sim.elapsed() == takes);
  CHECK(sim.matches(es::trace{}.started<sleepy>().ended<sleepy>(why)));
  CHECK(sim.terminate_child(one) == child_result::not_found);
  CHECK(sim.template count_children<Group>() == es::child_counts{});
}

TEST_CASE("terminate_child/2: the answer comes when the child has ended, then it is not found") {
  is_terminated_with<group_of<es::brutal_kill>>(1_h, reason::killed, 0_s);
  is_terminated_with<group_of<es::shutdown<1000_ms>>>(0_s, reason::shutdown, 0_s);
  is_terminated_with<group_of<es::shutdown<1000_ms>>>(999_ms, reason::shutdown, 999_ms);
  is_terminated_with<group_of<es::shutdown<1000_ms>>>(1_h, reason::killed, 1_s);
  is_terminated_with<group_of<es::shutdown<es::infinity>>>(1_h, reason::shutdown, 1_h);
}

struct sleepers : group_of<es::shutdown<2_s>> {};
/// Terminates one.
struct killer : told::process<killer> {
  using told::process<killer>::handle;
  using starts = es::processes<sleepers>;
  struct kill {
    es::ref<sleepy> which;
  };
  es::task<void> handle(kill m, es::context<killer>& self) {
    static_cast<void>(co_await self.terminate_child(m.which));
  }
};
struct other : es::name_for<killer> {};

TEST_CASE("terminate_child/2: each child has a limit of its own") {
  struct tree : es::supervisor<sleepers, killer, other> {};
  es::simulation<tree> sim;
  const auto one = sim.start_child<sleepers>(1_h);
  const auto two = sim.start_child<sleepers>(1_h);
  sim.cast<killer>(killer::kill{one});
  sim.run_for(1500_ms);
  sim.cast<other>(killer::kill{two});
  sim.run_for(1_s);
  CHECK(sim.matches(es::trace{}.started<sleepy>().started<sleepy>().ended<sleepy>(reason::killed)));
  sim.run_for(1_s);
  CHECK(has_ended_with(sim, {reason::killed, reason::killed}));
  CHECK(sim.which_children<sleepers>().empty());
}

struct child : told::planned<child> {
  using planned::planned;
};

TEST_CASE("terminate_child/2: a child whose restart fails again and again is given up") {
  struct group : es::dynamic<child, es::intensity<100'000, 5_s>> {};
  for (std::uint64_t s = 0; s != 10; ++s) {
    INFO("seed ", s);
    es::simulation<group> sim{es::seed{s}};
    const auto one = sim.start_child<group>(told::starts{start::works, start::fails});
    sim.cast(one, child::end{reason::shutdown});
    REQUIRE(sim.run_until([&] { return sim.trace().steps().size() == 100; }));  // most of them attempts
    CHECK(sim.terminate_child(one) == child_result::ok);
    sim.run_for(1_h);
    CHECK(sim.trace().steps().size() < 200);
    CHECK(sim.terminate_child(one) == child_result::not_found);
    CHECK(sim.count_children<group>() == es::child_counts{});
    CHECK_FALSE(sim.ended());
  }
}

}  // namespace
