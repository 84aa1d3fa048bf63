// OTP's suite on compiled trees: how children and supervisors are stopped.
#include <doctest/doctest.h>

#include <algorithm>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : told::process<a> {};
struct b : told::process<b> {};

/// Takes its time to stop: 3 s.
template <class Self>
struct slow : told::process<Self> {
  es::task<void> terminate(es::exit_reason const&, es::context<Self>& self) { co_await self.sleep(3_s); }
};
struct sleeper : slow<sleeper> {};

TEST_CASE("sup_stop_infinity: with infinity a supervisor and a worker take the time they need") {
  struct inner : es::supervisor<es::child<a, es::shutdown<es::infinity>>> {};
  struct tree : es::supervisor<es::child<inner, es::shutdown<es::infinity>>,
                               es::child<sleeper, es::shutdown<es::infinity>>> {};
  es::simulation<tree> sim;
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.stopped<sleeper>().stopped<a>().stopped<inner>().stopped<tree>()));
  CHECK(sim.elapsed() == 3_s);
  CHECK(sim.reports().empty());
}

TEST_CASE("sup_stop_timeout: who obeys ends with shutdown, who sleeps over its limit is killed") {
  struct tree
      : es::supervisor<es::child<a, es::shutdown<1000_ms>>, es::child<sleeper, es::shutdown<1000_ms>>> {};
  es::simulation<tree> sim;
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.ended<sleeper>(es::reason::killed).stopped<a>().stopped<tree>()));
  CHECK(sim.elapsed() == 1_s);
  CHECK(told::reports(sim) == told::lines{"shutdown_error tree/sleeper (permanent) killed"});
}

TEST_CASE("sup_stop_brutal_kill: one child is told to stop, the other one is killed") {
  struct tree
      : es::supervisor<es::child<a, es::shutdown<1000_ms>>,
                       es::child<sleeper, es::brutal_kill, es::allow<es::terminate_skipped_on_stop>>> {};
  es::simulation<tree> sim;
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.ended<sleeper>(es::reason::killed).stopped<a>().stopped<tree>()));
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.reports().empty());  // killed is what was ordered
}

/// Ends by itself after a while.
template <int N>
struct worker : told::process<worker<N>> {
  using base = told::process<worker<N>>;
  using base::handle;
  struct end_later {
    es::exit_reason why;
  };
  void handle(end_later m, es::context<worker>& self) {
    self.send_after(1_s, typename base::end{std::move(m.why)});
  }
};

struct race
    : es::supervisor<es::child<worker<0>, es::permanent>, es::child<worker<1>, es::permanent>,
                     es::child<worker<2>, es::permanent>, es::child<worker<3>, es::permanent>,
                     es::child<worker<4>, es::transient>, es::child<worker<5>, es::transient>,
                     es::child<worker<6>, es::transient>, es::child<worker<7>, es::transient>,
                     es::child<worker<8>, es::temporary>, es::child<worker<9>, es::temporary>,
                     es::child<worker<10>, es::temporary>, es::child<worker<11>, es::temporary>, sleeper> {};

const es::exit_reason ways[] = {es::reason::normal, es::reason::shutdown,
                                es::exit_reason{es::reason::shutdown, "a term"},
                                es::exit_reason{es::reason::crashed, "abnormal"}};

template <int... N>
void end_all_later(es::simulation<race>& sim, std::integer_sequence<int, N...>) {
  (sim.cast<worker<N>>(typename worker<N>::end_later{ways[N % 4]}), ...);
}
template <int... N>
es::trace all_ends(std::integer_sequence<int, N...>) {
  es::trace ends;
  (ends.add({es::runtime::event_kind::ended, es::id_of<worker<N>>, ways[N % 4].kind()}), ...);
  return ends;
}

TEST_CASE(
    "sup_stop_race: twelve children end by themselves during a slow stop, with their reasons, for good") {
  constexpr std::make_integer_sequence<int, 12> twelve;
  for (std::uint64_t s = 0; s != 20; ++s) {
    INFO("seed ", s);
    es::simulation<race> sim{es::seed{s}};
    end_all_later(sim, twelve);
    sim.run_until_idle();
    CHECK(sim.stop() == es::reason::shutdown);
    CHECK(sim.elapsed() == 3_s);
    CHECK(sim.trace().steps().size() == 12 + 2);
    const es::trace ends = all_ends(twelve);
    for (es::trace::step const& one : ends.steps()) {
      CHECK(std::ranges::count(sim.trace().steps(), one) == 1);
    }
    CHECK(sim.contains(es::trace{}.stopped<sleeper>().stopped<race>()));
    // At its turn each is judged: a permanent child that is clean by itself has not obeyed either.
    CHECK(told::reports(sim) == told::lines{"shutdown_error race/worker<11> (temporary) crashed",
                                            "shutdown_error race/worker<7> (transient) crashed",
                                            "shutdown_error race/worker<3> (permanent) crashed",
                                            "shutdown_error race/worker<0> (permanent) normal"});
  }
}

TEST_CASE("sup_stop_manual: a stop from outside kills, stops and overtakes, and answers when all is done") {
  struct tree : es::supervisor<es::child<a, es::brutal_kill>, es::child<b, es::shutdown<1000_ms>>,
                               es::child<sleeper, es::shutdown<1000_ms>>> {};
  es::simulation<tree> sim;
  CHECK(sim.stop() == es::reason::shutdown);  // as its parent stops it; OTP's supervisor:stop says normal
  CHECK(sim.matches(es::trace{}
                        .ended<sleeper>(es::reason::killed)
                        .stopped<b>()
                        .ended<a>(es::reason::killed)
                        .stopped<tree>()));
  CHECK(sim.elapsed() == 1_s);
  CHECK(told::reports(sim) == told::lines{"shutdown_error tree/sleeper (permanent) killed"});
}

/// Traps exits, and has been linked to a sibling and is not any more. Nobody can name its supervisor.
struct loner : told::process<loner> {
  using told::process<loner>::handle;
  using calls = es::processes<a>;
  struct detach {};
  void handle(detach, es::context<loner>& self) {
    self.trap_exits();
    self.link<a>();
    self.unlink<a>();
  }
};

TEST_CASE("child_unlink: a child that is linked to nobody is terminated, and its supervisor does not hang") {
  struct tree : es::supervisor<a, loner> {};
  es::simulation<tree> sim;
  sim.cast<loner>(loner::detach{});
  sim.run_until_idle();
  CHECK(sim.terminate_child<loner>() == es::child_result::ok);
  CHECK(sim.matches(es::trace{}.stopped<loner>()));
  CHECK(told::children<tree>(sim) == "a running, loner stopped");
  CHECK(sim.elapsed() == 0_s);
}

template <char Name>
struct fifth : told::process<fifth<Name>> {};

TEST_CASE("order_of_children: stops run in reverse, starts in order, and nothing sorts by name") {
  struct tree : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>, fifth<'d'>, fifth<'b'>, fifth<'e'>,
                               fifth<'a'>, fifth<'c'>> {};
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) ==
        "fifth<'d'> running, fifth<'b'> running, fifth<'e'> running, fifth<'a'> running, fifth<'c'> running");
  told::to_crash<fifth<'e'>>(sim);
  sim.stop();
  CHECK(sim.matches(es::trace{}
                        .crashed<fifth<'e'>>()
                        .stopped<fifth<'c'>>()
                        .stopped<fifth<'a'>>()
                        .started<fifth<'e'>>()
                        .started<fifth<'a'>>()
                        .started<fifth<'c'>>()
                        .stopped<fifth<'c'>>()
                        .stopped<fifth<'a'>>()
                        .stopped<fifth<'e'>>()
                        .stopped<fifth<'b'>>()
                        .stopped<fifth<'d'>>()
                        .stopped<tree>()));
  CHECK(told::reports(sim) == told::lines{"child_terminated tree/fifth<'e'> (permanent) crashed"});
}

}  // namespace
