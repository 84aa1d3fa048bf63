// OTP's suite on compiled trees: what may be asked about children started from one template, also while their
// restarts fail.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;
using told::start;

namespace {

struct child : told::planned<child> {
  using planned::planned;
};
const told::starts works{start::works};

struct group : es::dynamic<es::child<child, es::shutdown<1000_ms>>, es::intensity<2, 3600_s>> {};

/// Asks from inside.
struct administrator : told::process<administrator> {
  using told::process<administrator>::handle;
  using starts = es::processes<group>;
  struct terminate {
    es::ref<child> which;
    using reply = child_result;
  };
  es::task<child_result> handle(terminate m, es::context<administrator>& self) {
    co_return co_await self.terminate_child(m.which);
  }
};

TEST_CASE("child_adm_simple: children are terminated by their refs, for good, and nobody else is") {
  struct tree : es::supervisor<group, administrator> {};
  es::simulation<tree> sim;
  CHECK(sim.which_children<group>().empty());
  CHECK(sim.count_children<group>() == es::child_counts{});

  const auto first = sim.start_child<group>(works);
  CHECK(told::children<group>(sim) == "child running");
  CHECK(sim.count_children<group>() == es::child_counts{1, 1, 0, 1});
  const auto second = sim.start_child<group>(works);
  CHECK(told::children<group>(sim) == "child running, child running");
  CHECK(sim.count_children<group>() == es::child_counts{2, 2, 0, 2});

  CHECK(sim.terminate_child(first) == child_result::ok);
  CHECK(sim.count_children<group>() == es::child_counts{1, 1, 0, 1});
  CHECK(sim.try_call(first, child::ping{}).reason() == es::reason::noproc);
  CHECK(sim.terminate_child(first) == child_result::not_found);  // Elixir's answer; OTP's is ok
  CHECK(sim.call<administrator>(administrator::terminate{first}) == child_result::not_found);
  CHECK(sim.terminate_child(es::ref<child>{}) == child_result::not_found);
  CHECK(sim.call<administrator>(administrator::terminate{{}}) == child_result::not_found);

  const auto third = sim.start_child<group>(works);  // in the place of the first
  CHECK(sim.terminate_child(first) == child_result::not_found);
  CHECK(sim.call<administrator>(administrator::terminate{second}) == child_result::ok);
  CHECK(told::life(sim, third) == 1);
  CHECK(told::children<group>(sim) == "child running");
  CHECK(sim.matches(
      es::trace{}.started<child>().started<child>().stopped<child>().started<child>().stopped<child>()));

  sim.stop();
  CHECK_THROWS_WITH_AS(sim.start_child<group>(works), "call to group failed: noproc", es::call_failed);
  CHECK(sim.terminate_child(third) == child_result::not_found);
  CHECK(sim.which_children<group>().empty());
  CHECK(sim.reports().empty());
  CHECK(sim.broken().empty());
}

TEST_CASE("which_children_simple_one_for_one: the list follows what becomes of each child") {
  es::simulation<group> sim;
  CHECK(sim.which_children<group>().empty());
  const auto first = sim.start_child<group>(works);
  const auto second = sim.start_child<group>(works);
  const auto third = sim.start_child<group>(works);
  CHECK(told::children<group>(sim) == "child running, child running, child running");
  told::to_crash(sim, second);
  std::vector<es::child_info> all = sim.which_children<group>();
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == es::id_of<child>);
  CHECK_FALSE(all[0].is_supervisor);
  CHECK(all[0].incarnation == 1);
  CHECK(all[1].incarnation == 2);
  CHECK(all[2].incarnation == 1);
  CHECK(sim.terminate_child(first) == child_result::ok);
  all = sim.which_children<group>();
  REQUIRE(all.size() == 2);
  CHECK(all[0].incarnation == 2);
  CHECK(all[1].incarnation == 1);
  CHECK(sim.terminate_child(second) == child_result::ok);
  CHECK(sim.terminate_child(third) == child_result::ok);
  CHECK(sim.which_children<group>().empty());
  CHECK(sim.which_children<group>().size() == sim.count_children<group>().specs);
}

struct worker : told::process<worker> {};

TEST_CASE("count_children: a thousand, two thousand, and none after all were killed") {
  struct workers : es::dynamic<es::child<worker, es::temporary>, es::intensity<2, 3600_s>> {};
  es::simulation<workers> sim;
  std::vector<es::ref<worker>> all;
  for (std::size_t target : {1000U, 2000U}) {
    while (all.size() != target) all.push_back(sim.start_child<workers>());
    CHECK(sim.which_children<workers>().size() == target);
    CHECK(sim.count_children<workers>() == es::child_counts{target, target, 0, target});
  }
  for (es::ref<worker> const& one : all) sim.cast(one, worker::end{es::reason::killed});
  sim.run_until_idle();
  CHECK(sim.count_children<workers>() == es::child_counts{});
  CHECK(sim.which_children<workers>().empty());
  CHECK(sim.trace().steps().size() == 2000 + 2000);
  CHECK_FALSE(sim.ended());  // temporary children are not counted
}

TEST_CASE("count_restarting_children: who waits for a restart is there, and not active") {
  struct stuck : es::dynamic<es::child<child, es::brutal_kill>, es::intensity<20, 10_s>> {};
  es::simulation<stuck> sim;
  const told::starts twice_late{start::works, start::works, start::fails_late, start::fails_late,
                                start::works};
  CHECK(sim.count_children<stuck>() == es::child_counts{});
  const auto first = sim.start_child<stuck>(twice_late);
  CHECK(sim.count_children<stuck>() == es::child_counts{1, 1, 0, 1});
  const auto second = sim.start_child<stuck>(twice_late);
  CHECK(sim.count_children<stuck>() == es::child_counts{2, 2, 0, 2});
  const auto third = sim.start_child<stuck>(works);
  CHECK(sim.count_children<stuck>() == es::child_counts{3, 3, 0, 3});

  for (auto const& one : {first, second, third}) told::to_crash(sim, one);
  CHECK(sim.count_children<stuck>() == es::child_counts{3, 3, 0, 3});
  told::to_crash(sim, first);
  told::to_crash(sim, second);
  for (int i = 0; i != 3; ++i) {  // during both attempts, and between them
    CHECK(sim.count_children<stuck>() == es::child_counts{3, 1, 0, 3});
    CHECK(told::children<stuck>(sim) == "child restarting, child restarting, child running");
    CHECK(told::life(sim, third) == 2);
    if (i != 2) sim.run_for(2_s - 1_ms);
  }
  sim.run_for(1_s);
  CHECK(sim.count_children<stuck>() == es::child_counts{3, 3, 0, 3});
  CHECK(told::life(sim, first) == 5);

  CHECK(sim.terminate_child(third) == child_result::ok);
  CHECK(sim.count_children<stuck>() == es::child_counts{2, 2, 0, 2});
  CHECK(sim.terminate_child(first) == child_result::ok);
  CHECK(sim.count_children<stuck>() == es::child_counts{1, 1, 0, 1});
  CHECK(sim.terminate_child(second) == child_result::ok);
  CHECK(sim.count_children<stuck>() == es::child_counts{});
}

TEST_CASE("hanging_restart_loop_simple: between two attempts the supervisor answers, terminates, and stops") {
  struct stuck : es::dynamic<es::child<child, es::brutal_kill>, es::intensity<8, 10_s>> {};
  es::simulation<stuck> sim;
  const told::starts always_late{start::works, start::fails_late};
  const auto first = sim.start_child<stuck>(always_late);
  told::to_crash(sim, first);
  sim.run_for(3_s);  // the second attempt is under way
  CHECK(sim.matches(es::trace{}.started<child>().crashed<child>().restarting<child>()));
  CHECK(told::children<stuck>(sim) == "child restarting");
  CHECK(sim.count_children<stuck>() == es::child_counts{1, 0, 0, 1});
  CHECK(sim.terminate_child(first) == child_result::ok);  // ends the attempts
  CHECK(sim.which_children<stuck>().empty());
  const es::trace before = sim.trace();
  sim.run_for(60_s);
  CHECK(sim.trace() == before);
  CHECK_FALSE(sim.ended());

  const auto second = sim.start_child<stuck>(always_late);
  CHECK(told::children<stuck>(sim) == "child running");
  told::to_crash(sim, second);
  sim.run_for(3_s);
  const es::duration asked = sim.elapsed();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == asked);  // it does not wait for the start under way
  CHECK_FALSE(sim.gave_up());
  CHECK(sim.contains(es::trace{}.restarting<child>().restarting<child>().stopped<stuck>()));
  sim.audit_end();
  CHECK(sim.broken().empty());
}

struct half {};
struct pair : es::supervisor<half> {};
struct pairs : es::dynamic<es::child<pair, es::temporary>> {};

TEST_CASE(
    "count_children_supervisor: children that are supervisors are counted as such, not what is in them") {
  es::simulation<es::supervisor<pairs>> sim;
  std::vector<es::ref<pair>> all;
  for (int i = 0; i != 100; ++i) all.push_back(sim.start_child<pairs>());
  CHECK(sim.count_children<pairs>() == es::child_counts{100, 100, 100, 0});
  for (auto const& p : all) CHECK(sim.terminate_child(p) == child_result::ok);
  CHECK(sim.count_children<pairs>() == es::child_counts{});
}

}  // namespace
