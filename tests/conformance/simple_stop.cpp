// OTP's suite on compiled trees: how children started from one template are stopped.
#include <doctest/doctest.h>

#include <algorithm>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

/// Takes as long to stop as it is told.
struct slow : told::process<slow> {
  using args = es::arguments<es::duration>;
  explicit slow(es::duration d) : to_stop(d) {}
  es::task<void> terminate(es::exit_reason const&, es::context<slow>& self) { co_await self.sleep(to_stop); }
  es::duration to_stop;
};

TEST_CASE("sup_stop_timeout_dynamic: who obeys ends with shutdown, who sleeps over the limit is killed") {
  struct group
      : es::dynamic<es::child<slow, es::temporary, es::shutdown<1000_ms>>, es::intensity<2, 3600_s>> {};
  struct tree : es::supervisor<group> {};
  es::simulation<tree> sim;
  static_cast<void>(sim.start_child<group>(0_s));
  static_cast<void>(sim.start_child<group>(200_s));
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}
                        .started<slow>()
                        .started<slow>()
                        .stopped<slow>()
                        .ended<slow>(es::reason::killed)
                        .stopped<group>()
                        .stopped<tree>()));
  CHECK(sim.elapsed() == 1_s);
  CHECK(told::reports(sim) == told::lines{"shutdown_error tree/group/slow (temporary) killed"});
}

/// How often a step occurs.
template <class T>
std::ptrdiff_t times(es::simulation<T>& sim, es::trace const& of) {
  return std::ranges::count(sim.trace().steps(), of.steps().at(0));
}

TEST_CASE("sup_stop_brutal_kill_dynamic: all ten are killed, and that is as ordered") {
  struct group
      : es::dynamic<es::child<slow, es::temporary, es::brutal_kill, es::allow<es::terminate_skipped_on_stop>>,
                    es::intensity<2, 3600_s>> {};
  struct tree : es::supervisor<group> {};
  es::simulation<tree> sim;
  for (int i = 0; i != 10; ++i) static_cast<void>(sim.start_child<group>(200_s));
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(times(sim, es::trace{}.ended<slow>(es::reason::killed)) == 10);
  CHECK(sim.trace().steps().size() == 10 + 10 + 2);
  CHECK(sim.contains(es::trace{}.ended<slow>(es::reason::killed).stopped<group>().stopped<tree>()));
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.reports().empty());
}

/// Is about to end for its own reason when it is asked to stop; or throws then.
struct wilful : told::process<wilful> {
  using told::process<wilful>::handle;
  struct throw_at_stop {};
  void handle(throw_at_stop) { throws = true; }
  es::task<void> terminate(es::exit_reason const&, es::context<wilful>& self) {
    if (throws) throw std::runtime_error("other");
    co_await self.sleep(1_s);
  }
  bool throws = false;
};

const es::exit_reason with_term{es::reason::shutdown, "a term"};  // OTP's {shutdown, Term}
const es::exit_reason other{es::reason::crashed, "other"};

template <class Restart>
void ends_with_whatever_they_answer(told::lines reported) {
  struct group : es::dynamic<es::child<wilful, Restart, es::shutdown<5000_ms>>, es::intensity<2, 3600_s>> {};
  struct tree : es::supervisor<group> {};
  for (std::uint64_t s = 0; s != 20; ++s) {
    INFO("seed ", s);
    es::simulation<tree> sim{es::seed{s}};
    for (es::exit_reason const& why :
         {es::exit_reason(es::reason::normal), es::exit_reason(es::reason::shutdown), with_term, other}) {
      told::to_end(sim, sim.template start_child<group>(), why);
    }
    sim.cast(sim.template start_child<group>(), wilful::throw_at_stop{});
    sim.run_until_idle();
    CHECK(sim.stop() == es::reason::shutdown);
    CHECK(sim.elapsed() == 1_s);
    CHECK(times(sim, es::trace{}.ended<wilful>(es::reason::normal)) == 1);
    CHECK(times(sim, es::trace{}.stopped<wilful>()) == 2);
    CHECK(times(sim, es::trace{}.crashed<wilful>()) == 2);
    CHECK(sim.trace().steps().size() == 5 + 5 + 2);
    CHECK(sim.contains(es::trace{}.template stopped<group>().template stopped<tree>()));
    told::lines got = told::reports(sim);
    std::ranges::sort(got);
    CHECK(got == reported);
    sim.audit_end();
    CHECK(sim.broken().empty());
  }
}

TEST_CASE(
    "sup_stop_non_shutdown_exit_dynamic: whatever the children answer, the supervisor ends with shutdown") {
  ends_with_whatever_they_answer<es::temporary>({"shutdown_error tree/group/wilful (temporary) crashed",
                                                 "shutdown_error tree/group/wilful (temporary) crashed"});
  ends_with_whatever_they_answer<es::transient>({"shutdown_error tree/group/wilful (transient) crashed",
                                                 "shutdown_error tree/group/wilful (transient) crashed"});
  // As under a static supervisor, a permanent child that ends normally has not obeyed.
  ends_with_whatever_they_answer<es::permanent>({"shutdown_error tree/group/wilful (permanent) crashed",
                                                 "shutdown_error tree/group/wilful (permanent) crashed",
                                                 "shutdown_error tree/group/wilful (permanent) normal"});
}

}  // namespace
