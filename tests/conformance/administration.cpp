// OTP's suite on compiled trees: what administrators ask, also while a restart fails again and again.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct a : told::process<a> {};
struct b : told::process<b> {};
struct c : told::process<c> {};

TEST_CASE("child_adm: what may be asked about a child, in each of its states, with OTP's answers") {
  struct tree : es::supervisor<a> {};
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "a running");
  CHECK(sim.count_children<tree>() == es::child_counts{1, 1, 0, 1});
  CHECK(sim.restart_child<a>() == child_result::running);

  CHECK(sim.terminate_child<a>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a stopped");
  CHECK(sim.count_children<tree>() == es::child_counts{1, 0, 0, 1});
  CHECK(sim.terminate_child<a>() == child_result::ok);  // of a stopped one: ok too

  CHECK(sim.restart_child<a>() == child_result::ok);
  CHECK(sim.restart_child<a>() == child_result::running);
  CHECK(sim.count_children<tree>() == es::child_counts{1, 1, 0, 1});
  CHECK(sim.matches(es::trace{}.stopped<a>().started<a>()));
  CHECK(told::life<a>(sim) == 2);

  sim.stop();
  CHECK(sim.terminate_child<a>() == child_result::noproc);
  CHECK(sim.restart_child<a>() == child_result::noproc);
  CHECK(sim.which_children<tree>().empty());
  CHECK(sim.reports().empty());
}

TEST_CASE("which_children: the list and the counts follow what becomes of each child") {
  struct inner : es::supervisor<c> {};
  struct tree : es::supervisor<a, inner, es::child<b, es::temporary>> {};
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "a running, inner running, b running");
  CHECK(told::children<inner>(sim) == "c running");
  CHECK(sim.count_children<tree>() == es::child_counts{3, 3, 1, 2});
  CHECK(sim.terminate_child<a>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a stopped, inner running, b running");
  CHECK(sim.count_children<tree>() == es::child_counts{3, 2, 1, 2});
  CHECK(sim.terminate_child<b>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a stopped, inner running");
  CHECK(sim.count_children<tree>() == es::child_counts{2, 1, 1, 1});
  told::to_crash<c>(sim);
  CHECK(sim.which_children<inner>().at(0).incarnation == 2);
  CHECK(sim.restart_child<a>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a running, inner running");
}

TEST_CASE("simple_global_supervisor: the names answer whatever ends behind them") {
  struct group : es::supervisor<es::intensity<2, 10_s>, a> {};
  struct tree : es::supervisor<group, b> {};
  es::simulation<tree> sim;
  CHECK(told::life<a>(sim) == 1);

  SUBCASE("the supervisor ends") {
    for (int i = 0; i != 3; ++i) told::to_crash<a>(sim);
    CHECK(sim.contains(es::trace{}.gave_up<group>().stopped<group>().started<a>().started<group>()));
    CHECK(told::life<a>(sim) == 4);
  }
  SUBCASE("the worker is killed") {
    told::to_end<a>(sim, es::reason::killed);
    CHECK(sim.matches(es::trace{}.ended<a>(es::reason::killed).started<a>()));
    CHECK(told::life<a>(sim) == 2);
  }
  SUBCASE("the worker ends") {
    told::to_end<a>(sim, es::reason::normal);
    CHECK(sim.matches(es::trace{}.ended<a>(es::reason::normal).started<a>()));
    CHECK(told::life<a>(sim) == 2);
  }
  SUBCASE("the worker is terminated, and started again") {
    CHECK(sim.terminate_child<a>() == child_result::ok);
    CHECK(told::life<a>(sim) == 0);
    CHECK(sim.restart_child<a>() == child_result::ok);
    CHECK(sim.matches(es::trace{}.stopped<a>().started<a>()));
    CHECK(told::life<a>(sim) == 2);
  }
  CHECK(told::children<group>(sim) == "a running");
  CHECK(told::children<tree>(sim) == "group running, b running");
  CHECK(told::life<b>(sim) == 1);
}

/// Its start can be switched to fail after 2 s, as that of OTP's supervisor_deadlock.
struct stuck : told::process<stuck> {
  static inline bool fails = false;
  es::task<void> init(es::context<stuck>& self) {
    if (!fails) co_return;
    co_await self.sleep(2_s);
    throw std::runtime_error("still stuck");
  }
};

TEST_CASE("hanging_restart_loop: between two attempts the supervisor answers, terminates, and stops") {
  struct tree : es::supervisor<es::one_for_one, es::intensity<8, 60_s>, es::child<stuck, es::brutal_kill>> {};
  stuck::fails = false;
  es::simulation<tree> sim;
  stuck::fails = true;
  told::to_crash<stuck>(sim);
  sim.run_for(2_s);

  CHECK(sim.restart_child<stuck>() == child_result::restarting);
  CHECK(told::children<tree>(sim) == "stuck restarting");
  CHECK(sim.count_children<tree>() == es::child_counts{1, 0, 0, 1});
  CHECK(sim.terminate_child<stuck>() == child_result::ok);  // ends the attempts
  CHECK(told::children<tree>(sim) == "stuck stopped");
  const es::trace before = sim.trace();
  sim.run_for(60_s);
  CHECK(sim.trace() == before);
  CHECK_FALSE(sim.ended());

  stuck::fails = false;
  CHECK(sim.restart_child<stuck>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "stuck running");

  stuck::fails = true;
  told::to_crash<stuck>(sim);
  sim.run_for(2_s);
  const es::duration asked = sim.elapsed();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == asked);  // it does not wait for the start under way
  CHECK_FALSE(sim.gave_up());
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("hanging_restart_loop_rest_for_one: the one before runs, the one after has no process") {
  struct tree : es::supervisor<es::rest_for_one, es::intensity<8, 60_s>, a, es::child<stuck, es::brutal_kill>,
                               es::child<c, es::brutal_kill>> {};
  stuck::fails = false;
  es::simulation<tree> sim;
  stuck::fails = true;
  told::to_crash<stuck>(sim);
  sim.run_for(2_s);

  CHECK(sim.restart_child<stuck>() == child_result::restarting);
  CHECK(told::children<tree>(sim) == "a running, stuck restarting, c stopped");
  CHECK(sim.count_children<tree>() == es::child_counts{3, 1, 0, 3});
  CHECK(told::life<a>(sim) == 1);
  CHECK(sim.terminate_child<stuck>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a running, stuck stopped, c stopped");

  stuck::fails = false;
  CHECK(sim.restart_child<stuck>() == child_result::ok);
  CHECK(told::children<tree>(sim) == "a running, stuck running, c stopped");
  CHECK(sim.restart_child<c>() == child_result::ok);
  CHECK(sim.count_children<tree>() == es::child_counts{3, 3, 0, 3});

  stuck::fails = true;
  told::to_crash<stuck>(sim);
  sim.run_for(2_s);
  const es::duration asked = sim.elapsed();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == asked);
  CHECK(sim.contains(es::trace{}.restarting<stuck>().stopped<a>().stopped<tree>()));
  CHECK(told::life<a>(sim) == 0);
}

}  // namespace
