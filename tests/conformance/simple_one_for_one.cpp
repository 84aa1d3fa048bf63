// OTP's suite on compiled trees: children started from one template, and their restarts.
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

TEST_CASE("simple_one_for_one: the sibling stays, and the third crash ends the supervisor") {
  struct group : es::dynamic<child, es::intensity<2, 3600_s>> {};
  es::simulation<group> sim;
  const auto first = sim.start_child<group>(works);
  const auto second = sim.start_child<group>(works);
  told::to_end(sim, first, es::exit_reason{es::reason::crashed, "abnormal"});
  CHECK(sim.matches(es::trace{}.started<child>().started<child>().crashed<child>().started<child>()));
  CHECK(told::life(sim, first) == 2);
  CHECK(told::life(sim, second) == 1);
  CHECK(told::children<group>(sim) == "child running, child running");
  CHECK(sim.count_children<group>() == es::child_counts{2, 2, 0, 2});

  told::to_crash(sim, second);
  told::to_crash(sim, first);
  CHECK(sim.contains(es::trace{}
                         .crashed<child>()
                         .started<child>()
                         .crashed<child>()
                         .gave_up<group>()
                         .stopped<child>()
                         .stopped<group>()));
  CHECK(sim.trace().steps().size() == 2 + 2 + 2 + 4);
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.gave_up());
  CHECK(told::life(sim, first) == 0);
  CHECK(told::life(sim, second) == 0);
  CHECK(told::reports(sim) == told::lines{"child_terminated group/child (permanent) crashed",
                                          "child_terminated group/child (permanent) crashed",
                                          "reached_max_restart_intensity group/child (permanent) crashed"});
}

/// Takes as long to stop as it is told.
struct slow : told::process<slow> {
  using args = es::arguments<es::duration>;
  explicit slow(es::duration d) : to_stop(d) {}
  es::task<void> terminate(es::exit_reason const&, es::context<slow>& self) { co_await self.sleep(to_stop); }
  es::duration to_stop;
};

TEST_CASE("simple_one_for_one_shutdown: all are asked to stop at once, under one limit") {
  struct group : es::dynamic<es::child<slow, es::shutdown<2_s>>, es::intensity<2, 3600_s>> {};
  es::simulation<group> sim;
  for (es::duration d : {1_s, 1_s, 5_s}) static_cast<void>(sim.start_child<group>(d));
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}
                        .started<slow>()
                        .started<slow>()
                        .started<slow>()
                        .stopped<slow>()
                        .stopped<slow>()
                        .ended<slow>(es::reason::killed)
                        .stopped<group>()));
  CHECK(sim.elapsed() == 2_s);
  CHECK(told::reports(sim) == told::lines{"shutdown_error group/slow (permanent) killed"});
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE(
    "simple_one_for_one_escalation: a child whose restart always fails ends the supervisor and its sibling") {
  struct group : es::dynamic<child, es::intensity<4, 3600_s>> {};
  es::simulation<group> sim;
  const auto failing = sim.start_child<group>(told::starts{start::works, start::fails});
  const auto sibling = sim.start_child<group>(works);
  told::to_crash(sim, failing);
  CHECK(sim.matches(es::trace{}
                        .started<child>()
                        .started<child>()
                        .crashed<child>()
                        .restarting<child>()
                        .restarting<child>()
                        .restarting<child>()
                        .restarting<child>()
                        .gave_up<group>()
                        .stopped<child>()
                        .stopped<group>()));
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.gave_up());
  CHECK(sim.try_call(failing, child::ping{}).reason() == es::reason::noproc);
  CHECK(sim.try_call(sibling, child::ping{}).reason() == es::reason::noproc);
  CHECK(sim.reports().size() == 1 + 4 + 1);  // the crash, four attempts, the end
}

/// Declines its third start.
struct fading : told::process<fading> {
  static std::optional<fading> make(es::context<fading>& self) {
    if (self.incarnation() == 3) return {};
    return std::optional<fading>(std::in_place);
  }
};

template <class Restart>
void is_dropped_when_its_restart_declines() {
  struct group
      : es::dynamic<es::child<fading, Restart, es::start<&fading::make>>, es::intensity<10, 3600_s>> {};
  es::simulation<group> sim;
  const es::ref<fading> only = sim.template start_child<group>();
  told::to_end(sim, only, es::reason::killed);
  CHECK(told::life(sim, only) == 2);
  CHECK(told::children<group>(sim) == "fading running");
  told::to_end(sim, only, es::reason::killed);
  CHECK(sim.matches(es::trace{}
                        .started<fading>()
                        .template ended<fading>(es::reason::killed)
                        .template started<fading>()
                        .template ended<fading>(es::reason::killed)));
  CHECK(sim.template which_children<group>().empty());
  CHECK(sim.template count_children<group>() == es::child_counts{});
  CHECK(sim.try_call(only, fading::ping{}).reason() == es::reason::noproc);
  CHECK(sim.terminate_child(only) == child_result::not_found);
  CHECK_FALSE(sim.ended());

  const es::ref<fading> next = sim.template start_child<group>();  // its place is free again
  CHECK(told::life(sim, next) == 1);
  CHECK(told::life(sim, only) == 0);
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.contains(es::trace{}.stopped<fading>().template stopped<group>()));
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE(
    "simple_one_for_one_restart_ignore: a child whose restart declines is forgotten, and nothing ends") {
  is_dropped_when_its_restart_declines<es::transient>();
  is_dropped_when_its_restart_declines<es::permanent>();
}

/// Is started with something large.
struct laden : told::process<laden> {
  using args = es::arguments<std::shared_ptr<int const>>;
  explicit laden(std::shared_ptr<int const> const&) {}
};

TEST_CASE(
    "simple_one_for_one_corruption: after the end of a temporary child the next one's arguments go too") {
  struct group : es::dynamic<es::child<laden, es::temporary>> {};
  es::simulation<group> sim;
  const auto large = std::make_shared<int const>(0);
  for (int i = 0; i != 3; ++i) {
    const auto one = sim.start_child<group>(large);
    CHECK(told::life(sim, one) == 1);
    CHECK(large.use_count() == 1);
    told::to_crash(sim, one);
    CHECK(told::children<group>(sim).empty());
  }
}

}  // namespace
