#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};
struct d : scripted<d> {};

struct one : es::supervisor<es::one_for_one, a, b, c> {};
struct all : es::supervisor<es::one_for_all, a, b, c> {};
struct rest : es::supervisor<es::rest_for_one, a, b, c> {};

TEST_CASE("an exception ends its process only, and its supervisor starts it again") {
  es::simulation<one> sim;
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<b>().started<b>()));
  CHECK(sim.call<a>(a::ping{}) == 1);
  CHECK(sim.call<b>(b::ping{}) == 2);
}

TEST_CASE("one_for_all restarts every sibling, stopped in reverse and started in order") {
  es::simulation<all> sim;
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(
      sim.matches(es::trace{}.crashed<b>().stopped<c>().stopped<a>().started<a>().started<b>().started<c>()));
}

TEST_CASE("rest_for_one restarts those started after the one that crashed") {
  es::simulation<rest> sim;
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<b>().stopped<c>().started<b>().started<c>()));
  CHECK(sim.call<a>(a::ping{}) == 1);
}

TEST_CASE("a normal end restarts a permanent child, and not a transient one") {
  struct tree : es::supervisor<a, es::child<b, es::transient>> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::finish{});
  sim.cast<b>(b::finish{});
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.ended<a>(es::reason::normal).started<a>()));
  CHECK(sim.contains(es::trace{}.ended<b>(es::reason::normal)));
  CHECK_FALSE(sim.contains(es::trace{}.started<b>()));
}

TEST_CASE("a transient child that crashes is restarted, a temporary one is not") {
  struct tree : es::supervisor<es::child<a, es::transient>, es::child<b, es::temporary>> {};
  es::simulation<tree> sim;
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<b>().crashed<a>().started<a>()));
}

TEST_CASE("one restart too many ends the supervisor, and its parent restarts it") {
  struct inner : es::supervisor<es::intensity<1, 5_s>, a, b> {};
  struct outer : es::supervisor<c, inner, d> {};
  es::simulation<outer> sim;
  sim.cast<a>(a::crash{});
  sim.run_for(1_s);
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .started<a>()
                        .crashed<a>()
                        .gave_up<inner>()
                        .stopped<b>()
                        .stopped<inner>()
                        .started<a>()
                        .started<b>()
                        .started<inner>()));
  CHECK(sim.call<a>(a::ping{}) == 3);
}

TEST_CASE("a supervisor that was started again has its whole budget again (B.10)") {
  struct inner : es::supervisor<es::intensity<1, 5_s>, a> {};
  struct outer : es::supervisor<es::intensity<1, 5_s>, inner> {};
  es::simulation<outer> sim;
  for (int i = 0; i != 3; ++i) {
    CHECK_FALSE(sim.ended());
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
  }
  CHECK_FALSE(sim.ended());
  sim.cast<a>(a::crash{});  // (1 + 1) * (1 + 1): the fourth crash ends the root
  sim.run_until_idle();
  CHECK(sim.ended());
  CHECK(sim.gave_up());
}

TEST_CASE("restarts far enough apart never end a supervisor") {
  struct tree : es::supervisor<es::intensity<1, 5_s>, a> {};
  es::simulation<tree> sim;
  for (int i = 0; i != 20; ++i) {
    sim.cast<a>(a::crash{});
    sim.run_for(5_s + 1_ns);
  }
  CHECK(sim.call<a>(a::ping{}) == 21);
}

TEST_CASE("a restart exactly at the window's edge still counts (SEMANTICS 21)") {
  struct tree : es::supervisor<es::intensity<1, 5_s>, a> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::crash{});
  sim.run_for(5_s);
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.gave_up());
}

TEST_CASE("the root that gave up says why, down to the exception") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, a> {};
  struct outer : es::supervisor<es::intensity<0, 5_s>, inner> {};
  es::simulation<outer> sim;
  sim.cast<a>(a::crash{});
  const es::exit_reason why = sim.wait();
  CHECK(why == es::reason::shutdown);
  CHECK(why.origin() == "outer/inner");
  REQUIRE(why.cause() != nullptr);
  CHECK(why.cause()->origin() == "outer/inner/a");
  REQUIRE(why.cause()->cause() != nullptr);
  CHECK(*why.cause()->cause() == es::exit_reason(es::reason::crashed, "std::runtime_error: told to"));
  CHECK(why.chain() ==
        "shutdown: outer gave up on outer/inner: more than 0 restarts within 5 s; because shutdown: "
        "outer/inner gave "
        "up on outer/inner/a: more than 0 restarts within 5 s; because crashed: std::runtime_error: told to");
}

TEST_CASE("a transient supervisor that gave up is not restarted, because its end is clean (B.10)") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, a> {};
  struct outer : es::supervisor<es::child<inner, es::transient, es::allow<es::transient_supervisor>>, b> {};
  es::simulation<outer> sim;
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<a>().gave_up<inner>().stopped<inner>()));
  CHECK_THROWS_AS(sim.call<a>(a::ping{}), es::call_failed);
  CHECK(sim.call<b>(b::ping{}) == 1);
}

TEST_CASE("auto_shutdown_any: the end of a significant child ends its supervisor") {
  struct tree : es::supervisor<es::auto_shutdown_any, a, es::child<b, es::transient, es::significant>> {};
  es::simulation<tree> sim;
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK_FALSE(sim.ended());
  sim.cast<b>(b::finish{});
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK_FALSE(sim.gave_up());
  CHECK(sim.matches(
      es::trace{}.crashed<b>().started<b>().ended<b>(es::reason::normal).stopped<a>().stopped<tree>()));
}

TEST_CASE("auto_shutdown_all waits for the last significant child") {
  struct tree : es::supervisor<es::auto_shutdown_all, es::child<a, es::transient, es::significant>,
                               es::child<b, es::temporary, es::significant>, c> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::finish{});
  sim.run_until_idle();
  CHECK_FALSE(sim.ended());
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(sim.ended());
}

TEST_CASE("simultaneous crashes under one_for_all are one restart, under every schedule") {
  for (std::uint64_t s = 0; s != 50; ++s) {
    es::simulation<all> sim{es::seed{s}};
    sim.cast<a>(a::crash{});
    sim.cast<c>(c::crash{});
    sim.run_until_idle();
    INFO("seed ", s);
    CHECK_FALSE(sim.ended());  // intensity 1: a second counted restart would have ended it
    CHECK(sim.call<b>(b::ping{}) == 2);
  }
}

TEST_CASE("a restart that fails is tried again, and counted, until the supervisor gives up (B.5)") {
  struct tree : es::supervisor<es::intensity<3, 5_s>, a, b> {};
  es::simulation<tree> sim;
  sim.crash<a>(es::in_constructor{2});
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<a>().restarting<a>().restarting<a>().started<a>()));
  CHECK(sim.call<a>(a::ping{}) == 4);

  sim.crash<a>(es::in_init{9});
  sim.run_for(6_s);
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.gave_up());
}

TEST_CASE("a supervisor whose child cannot start again charges its parent (B.1)") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, a, b> {};
  struct outer : es::supervisor<es::intensity<2, 5_s>, inner> {};
  es::simulation<outer> sim;
  sim.crash<b>(es::in_constructor{1});
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .gave_up<inner>()
                        .stopped<b>()
                        .stopped<inner>()
                        .started<a>()
                        .stopped<a>()
                        .restarting<inner>()
                        .started<a>()
                        .started<b>()
                        .started<inner>()));
}

struct breaks {
  struct crash {};
  void handle(crash) { throw std::runtime_error("told to"); }
};
struct breaks_too : es::name_for<breaks> {};

TEST_CASE("reports say who, why, and what was done about it") {
  struct tree : es::supervisor<es::rest_for_one, es::intensity<1, 5_s>, breaks,
                               es::child<breaks_too, es::transient>> {};
  es::simulation<tree> sim;
  sim.cast<breaks>(breaks::crash{});
  sim.run_until_idle();
  sim.cast<breaks_too>(breaks::crash{});
  sim.run_until_idle();
  REQUIRE(sim.reports().size() == 2);
  CHECK(sim.reports()[0] ==
        "espalier: child_terminated\n"
        "  supervisor  tree (rest_for_one)\n"
        "  child       tree/breaks (permanent), incarnation 1\n"
        "  reason      crashed: std::runtime_error: told to\n"
        "  message     breaks::crash\n"
        "  restarts    1 of 1 within 5 s\n"
        "  action      restarting tree/breaks, tree/breaks_too\n");
  CHECK(sim.reports()[1] ==
        "espalier: reached_max_restart_intensity\n"
        "  supervisor  tree (rest_for_one)\n"
        "  child       tree/breaks_too (transient), incarnation 2\n"
        "  reason      crashed: std::runtime_error: told to\n"
        "  message     breaks::crash\n"
        "  restarts    1 of 1 within 5 s\n"
        "  action      tree stops its other children and ends\n");
}

TEST_CASE("clean ends of children that may end are not reported (A.11)") {
  struct tree : es::supervisor<es::child<a, es::transient>, es::child<b, es::temporary>, c> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::finish{});
  sim.cast<b>(b::finish{es::reason::shutdown});
  sim.run_until_idle();
  CHECK(sim.reports().empty());
  sim.cast<c>(c::finish{});
  sim.run_until_idle();
  CHECK(sim.reports().size() == 1);
}

struct primary : es::name_for<a> {};
struct replica : es::name_for<a> {};

TEST_CASE("a process type stands in a tree under several names, each with a process of its own") {
  struct tree : es::supervisor<primary, replica> {};
  es::simulation<tree> sim;
  sim.cast<primary>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<primary>().started<primary>()));
  CHECK(sim.call<primary>(a::ping{}) == 2);
  CHECK(sim.call<replica>(a::ping{}) == 1);
}

TEST_CASE("the same seed gives the same run, and seeds differ") {
  auto run = [](std::uint64_t s) {
    es::simulation<one> sim{es::seed{s}};
    sim.cast<a>(a::crash{});
    sim.cast<b>(b::crash{});
    sim.cast<c>(c::crash{});
    sim.run_until_idle();
    return sim.trace();
  };
  bool differ = false;
  for (std::uint64_t s = 0; s != 20; ++s) {
    CHECK(run(s) == run(s));
    differ = differ || !(run(s) == run(0));
  }
  CHECK(differ);
}

}  // namespace
