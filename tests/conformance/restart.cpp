// OTP's suite on compiled trees: who is restarted with whom, how often, and what a failing restart does.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : told::process<a> {};
struct b : told::process<b> {};
struct c : told::process<c> {};
struct d : told::process<d> {};

TEST_CASE("multiple_restarts: restarts far enough apart never end the supervisor") {
  struct tree : es::supervisor<es::one_for_one, es::intensity<1, 1_s>, a> {};
  es::simulation<tree> sim;
  for (std::uint64_t life = 1; life != 5; ++life) {
    CHECK(told::life<a>(sim) == life);
    told::to_end<a>(sim, es::reason::killed);
    sim.run_for(2100_ms);
  }
  CHECK(told::life<a>(sim) == 5);
  CHECK(sim.reports().size() == 4);
  CHECK(sim.count_children<tree>() == es::child_counts{1, 1, 0, 1});
}

template <class Strategy>
struct two : es::supervisor<Strategy, es::intensity<2, 3600_s>, a, b> {};

TEST_CASE("one_for_one: the sibling stays, and the third crash ends the supervisor") {
  using tree = two<es::one_for_one>;
  es::simulation<tree> sim;
  told::to_end<a>(sim, es::exit_reason{es::reason::crashed, "error"});
  CHECK(sim.matches(es::trace{}.crashed<a>().started<a>()));
  CHECK(told::life<a>(sim) == 2);
  CHECK(told::life<b>(sim) == 1);
  CHECK(sim.count_children<tree>() == es::child_counts{2, 2, 0, 2});
  told::to_crash<a>(sim);
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .started<a>()
                        .crashed<a>()
                        .started<a>()
                        .crashed<a>()
                        .gave_up<tree>()
                        .stopped<b>()
                        .stopped<tree>()));
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.gave_up());
  REQUIRE(sim.reports().size() == 3);
  CHECK(sim.reports()[2].starts_with("espalier: reached_max_restart_intensity\n"));
}

template <class Strategy>
struct four : es::supervisor<Strategy, es::intensity<4, 3600_s>, a, b> {};

TEST_CASE("one_for_one_escalation: a child whose restart always fails ends its supervisor and its sibling") {
  using tree = four<es::one_for_one>;
  es::simulation<tree> sim;
  sim.crash<a>(es::in_constructor{99});
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .restarting<a>()
                        .restarting<a>()
                        .restarting<a>()
                        .restarting<a>()
                        .gave_up<tree>()
                        .stopped<b>()
                        .stopped<tree>()));
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.reports().size() == 1 + 4 + 1);  // the crash, four attempts, the end
}

TEST_CASE("one_for_all: both are replaced, and the third crash ends the supervisor") {
  using tree = two<es::one_for_all>;
  es::simulation<tree> sim;
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}.crashed<a>().stopped<b>().started<a>().started<b>()));
  CHECK(told::life<a>(sim) == 2);
  CHECK(told::life<b>(sim) == 2);
  CHECK(sim.count_children<tree>() == es::child_counts{2, 2, 0, 2});
  told::to_crash<b>(sim);
  CHECK(told::life<a>(sim) == 3);
  told::to_crash<b>(sim);
  CHECK(sim.contains(es::trace{}.gave_up<tree>().stopped<a>().stopped<tree>()));
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(told::reports(sim).size() == 3);
}

TEST_CASE("one_for_all_escalation: a sibling whose restart always fails ends the supervisor") {
  using tree = four<es::one_for_all>;
  es::simulation<tree> sim;
  sim.crash<b>(es::in_constructor{99});
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .stopped<b>()
                        .started<a>()
                        .restarting<b>()
                        .stopped<a>()
                        .started<a>()
                        .restarting<b>()
                        .stopped<a>()
                        .started<a>()
                        .restarting<b>()
                        .stopped<a>()
                        .started<a>()
                        .restarting<b>()
                        .gave_up<tree>()
                        .stopped<a>()
                        .stopped<tree>()));
  CHECK(sim.gave_up());
}

TEST_CASE("one_for_all_other_child_fails_restart: the first is stopped again, and both start again") {
  struct tree : es::supervisor<es::one_for_all, es::intensity<4, 3600_s>, a, b> {};
  es::simulation<tree> sim;
  sim.crash<b>(es::in_init{1});
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .stopped<b>()
                        .started<a>()
                        .restarting<b>()
                        .stopped<a>()
                        .started<a>()
                        .started<b>()));
  CHECK(told::reports(sim) ==
        told::lines{"child_terminated tree/a (permanent) crashed", "start_error tree/b (permanent) crashed"});
}

TEST_CASE("rest_for_one: the first stays, the others are replaced, and the third crash is one too many") {
  struct tree : es::supervisor<es::rest_for_one, es::intensity<2, 3600_s>, a, b, c> {};
  es::simulation<tree> sim;
  told::to_crash<b>(sim);
  CHECK(sim.matches(es::trace{}.crashed<b>().stopped<c>().started<b>().started<c>()));
  CHECK(told::life<a>(sim) == 1);
  CHECK(told::life<b>(sim) == 2);
  CHECK(told::life<c>(sim) == 2);
  CHECK(sim.count_children<tree>() == es::child_counts{3, 3, 0, 3});
  told::to_crash<b>(sim);
  told::to_crash<b>(sim);
  CHECK(sim.contains(es::trace{}.crashed<b>().gave_up<tree>().stopped<c>().stopped<a>().stopped<tree>()));
  CHECK(sim.wait() == es::reason::shutdown);
}

TEST_CASE("rest_for_one_escalation: a later child whose restart always fails ends the supervisor") {
  using tree = four<es::rest_for_one>;
  es::simulation<tree> sim;
  sim.crash<b>(es::in_constructor{99});
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .stopped<b>()
                        .started<a>()
                        .restarting<b>()
                        .restarting<b>()
                        .restarting<b>()
                        .restarting<b>()
                        .gave_up<tree>()
                        .stopped<a>()
                        .stopped<tree>()));
  CHECK(sim.wait() == es::reason::shutdown);
}

TEST_CASE("rest_for_one_other_child_fails_restart: only the later child is tried again") {
  struct tree : es::supervisor<es::rest_for_one, es::intensity<3, 3600_s>, a, b, c> {};
  es::simulation<tree> sim;
  sim.crash<b>(es::in_constructor{1});
  told::to_crash<a>(sim);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .stopped<c>()
                        .stopped<b>()
                        .started<a>()
                        .restarting<b>()
                        .started<b>()
                        .started<c>()));
  CHECK(told::life<a>(sim) == 2);  // not again
}

TEST_CASE("tree: one crash restarts one process, an escalation rebuilds all and revives what was parked") {
  struct left : es::supervisor<es::one_for_one, es::intensity<4, 3600_s>, a, b> {};
  struct right : es::supervisor<es::one_for_one, es::intensity<4, 3600_s>, c> {};
  struct parked : es::supervisor<es::intensity<0, 1_s>, d> {};
  struct top : es::supervisor<es::one_for_all, es::intensity<4, 3600_s>, left, right,
                              es::child<parked, es::transient, es::allow<es::transient_supervisor>>> {};
  es::simulation<top> sim;
  told::to_crash<d>(sim);  // its supervisor ends with shutdown, which is clean
  CHECK(sim.matches(es::trace{}.crashed<d>().gave_up<parked>().stopped<parked>()));
  CHECK(told::children<top>(sim) == "left running, right running, parked stopped");
  CHECK(sim.count_children<top>() == es::child_counts{3, 2, 3, 0});

  told::to_crash<c>(sim);
  CHECK(sim.trace().steps().size() == 3 + 2);
  for (int i = 0; i != 4; ++i) told::to_crash<a>(sim);
  CHECK(sim.trace().steps().size() == 3 + 2 + 4 * 2);
  CHECK(told::life<b>(sim) == 1);

  told::to_crash<a>(sim);
  CHECK(sim.contains(es::trace{}
                         .crashed<a>()
                         .gave_up<left>()
                         .stopped<b>()
                         .stopped<left>()
                         .stopped<c>()
                         .stopped<right>()
                         .started<a>()
                         .started<b>()
                         .started<left>()
                         .started<c>()
                         .started<right>()
                         .started<d>()
                         .started<parked>()));
  CHECK(told::children<top>(sim) == "left running, right running, parked running");
  CHECK(told::life<a>(sim) == 6);
  CHECK(told::life<b>(sim) == 2);
  CHECK(told::life<c>(sim) == 3);
  CHECK(told::life<d>(sim) == 2);
}

struct grandchild : told::planned<grandchild> {
  using planned::planned;
};

TEST_CASE("tree: a dynamic grandchild is restarted alone, and an escalation forgets them all") {
  struct left : es::supervisor<es::one_for_one, es::intensity<4, 3600_s>, a, b> {};
  struct right : es::dynamic<grandchild, es::intensity<4, 3600_s>> {};
  struct top : es::supervisor<es::one_for_all, es::intensity<4, 3600_s>, left, right> {};
  es::simulation<top> sim;
  CHECK(sim.count_children<top>() == es::child_counts{2, 2, 2, 0});
  const auto third = sim.start_child<right>(told::starts{told::start::works, told::start::fails});
  const auto fourth = sim.start_child<right>(told::starts{told::start::works});
  CHECK(sim.count_children<left>() == es::child_counts{2, 2, 0, 2});
  CHECK(sim.count_children<right>() == es::child_counts{2, 2, 0, 2});

  told::to_crash(sim, fourth);
  CHECK(sim.matches(
      es::trace{}.started<grandchild>().started<grandchild>().crashed<grandchild>().started<grandchild>()));
  CHECK(told::life<a>(sim) == 1);
  CHECK(told::life<b>(sim) == 1);
  CHECK(told::life(sim, third) == 1);
  CHECK(told::life(sim, fourth) == 2);

  told::to_crash(sim, third);
  CHECK(sim.matches(es::trace{}
                        .started<grandchild>()
                        .started<grandchild>()
                        .crashed<grandchild>()
                        .started<grandchild>()
                        .crashed<grandchild>()
                        .restarting<grandchild>()
                        .restarting<grandchild>()
                        .restarting<grandchild>()
                        .gave_up<right>()
                        .stopped<grandchild>()
                        .stopped<right>()
                        .stopped<b>()
                        .stopped<a>()
                        .stopped<left>()
                        .started<a>()
                        .started<b>()
                        .started<left>()
                        .started<right>()));
  CHECK(told::children<top>(sim) == "left running, right running");
  CHECK(sim.count_children<left>() == es::child_counts{2, 2, 0, 2});
  CHECK(sim.which_children<right>().empty());
  CHECK(told::life(sim, third) == 0);
  CHECK(told::life(sim, fourth) == 0);
  CHECK(sim.start_child<right>(told::starts{told::start::works}));
}

TEST_CASE("temporary_bystander: a temporary sibling is stopped by a restart, and not started again") {
  auto run = []<class Strategy>(std::type_identity<Strategy>) {
    struct tree
        : es::supervisor<Strategy, a, es::child<b, es::temporary, es::allow<es::temporary_lost_to_sibling>>> {
    };
    es::simulation<tree> sim;
    told::to_crash<a>(sim);
    CHECK(sim.matches(es::trace{}.template crashed<a>().template stopped<b>().template started<a>()));
    CHECK(told::children<tree>(sim) == "a running");
    CHECK(sim.template count_children<tree>() == es::child_counts{1, 1, 0, 1});
    CHECK_FALSE(sim.ended());
  };
  run(std::type_identity<es::one_for_all>{});
  run(std::type_identity<es::rest_for_one>{});
}

}  // namespace
