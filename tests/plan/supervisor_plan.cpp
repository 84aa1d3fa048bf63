#include <espalier/plan.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace es = espalier;
namespace plan = es::plan;
using namespace es::literals;
using es::restart_kind;
using es::strategy_kind;

namespace {

/// A supervisor plan with its memory, whose orders are written down as text.
struct desk {
  desk(plan::supervisor_rule rule, std::vector<plan::child_rule> children)
      : rules(std::move(children)),
        states(rules.size()),
        ring(rule.max_restarts),
        decides(rule, rules.data(), states.data(), static_cast<plan::child_index>(rules.size()),
                ring.data()) {}

  auto writer() {
    return [this](plan::order const& o) {
      constexpr char const* words[] = {"start",     "stop",          "park", "left",       "restarting",
                                       "retry",     "wait",          "done", "misbehaved", "up",
                                       "giving_up", "shutting_down", "ended"};
      if (!said.empty()) said += ' ';
      said += words[static_cast<unsigned char>(o.what)];
      if (o.what != plan::order_kind::up && o.what != plan::order_kind::ended)
        said += std::to_string(o.child);
      if (o.what == plan::order_kind::ended) {
        constexpr char const* why[] = {"stopped", "gave_up", "auto_shutdown", "start_failed"};
        said += std::string(":") + why[static_cast<unsigned char>(o.why)];
      }
    };
  }
  std::string take() { return std::exchange(said, {}); }

  std::string begin() { return decides.begin(writer()), take(); }
  std::string started(unsigned i) { return decides.started(i, now, writer()), take(); }
  std::string ignored(unsigned i) { return decides.ignored(i, now, writer()), take(); }
  std::string failed(unsigned i) { return decides.start_failed(i, now, writer()), take(); }
  std::string retry(unsigned i) { return decides.retry(i, now, writer()), take(); }
  std::string stop() { return decides.stop(writer()), take(); }
  std::string crashed(unsigned i) { return ended(i, plan::exit_class::abnormal); }
  std::string finished(unsigned i) { return ended(i, plan::exit_class::normal); }
  std::string stopped(unsigned i) { return ended(i, plan::exit_class::shutdown); }
  std::string ended(unsigned i, plan::exit_class why) {
    return decides.child_ended(i, why, now, writer()), take();
  }

  /// Starts all children.
  desk& up() {
    begin();
    for (unsigned i = 0; i != rules.size(); ++i) started(i);
    return *this;
  }

  std::vector<plan::child_rule> rules;
  std::vector<plan::child_state> states;
  std::vector<es::instant> ring;
  plan::supervisor_plan decides;
  es::instant now{};
  std::string said;
};

constexpr plan::child_rule permanent{restart_kind::permanent, false};
constexpr plan::child_rule transient{restart_kind::transient, false};
constexpr plan::child_rule temporary{restart_kind::temporary, false};

constexpr plan::supervisor_rule rule(strategy_kind s, std::size_t max_restarts = 1) {
  return {s, es::auto_shutdown_kind::never, max_restarts, 5_s};
}

}  // namespace

TEST_CASE("children start in order, each after the one before is up (B.1)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent});
  CHECK(d.begin() == "start0");
  CHECK(d.started(0) == "start1");
  CHECK(d.started(1) == "up");
}

TEST_CASE("a failing start stops the started children in reverse order (B.1)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent, permanent});
  d.begin();
  d.started(0);
  d.started(1);
  CHECK(d.failed(2) == "stop1");
  CHECK(d.stopped(1) == "stop0");
  CHECK(d.stopped(0) == "ended:start_failed");
}

TEST_CASE("a child that declines its start is left out, and that is no failure (B.1)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, temporary});
  d.begin();
  CHECK(d.ignored(0) == "park0 start1");
  CHECK(d.ignored(1) == "park1 up");
  CHECK(d.decides.child(0).now == plan::status::stopped);
  CHECK(d.decides.child(1).now == plan::status::forgotten);
}

TEST_CASE("a child that dies while its siblings still start is judged once all are up (B.1)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent});
  d.begin();
  d.started(0);
  CHECK(d.crashed(0) == "");
  CHECK(d.started(1) == "up restarting0 start0");
}

TEST_CASE("who is restarted depends on restart type and reason (B.2)") {
  using c = plan::exit_class;
  struct row {
    plan::child_rule child;
    c why;
    std::string expected;
  };
  for (row const& r : std::vector<row>{{permanent, c::normal, "restarting0 start0"},
                                       {permanent, c::shutdown, "restarting0 start0"},
                                       {permanent, c::abnormal, "restarting0 start0"},
                                       {transient, c::normal, "left0"},
                                       {transient, c::shutdown, "left0"},
                                       {transient, c::abnormal, "restarting0 start0"},
                                       {temporary, c::normal, "left0"},
                                       {temporary, c::shutdown, "left0"},
                                       {temporary, c::abnormal, "left0"}}) {
    desk d(rule(strategy_kind::one_for_one), {r.child, permanent});
    CHECK(d.up().ended(0, r.why) == r.expected);
  }
}

TEST_CASE("one_for_one touches nobody else (B.5)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent, permanent});
  CHECK(d.up().crashed(1) == "restarting1 start1");
  CHECK(d.started(1) == "");
  CHECK(d.decides.is_serving());
}

TEST_CASE("one_for_all stops all others in reverse order and starts all in order (B.5)") {
  desk d(rule(strategy_kind::one_for_all), {permanent, permanent, permanent});
  CHECK(d.up().crashed(1) == "restarting1 stop2");
  CHECK(d.stopped(2) == "stop0");
  CHECK(d.stopped(0) == "start0");
  CHECK(d.started(0) == "start1");
  CHECK(d.started(1) == "start2");
  CHECK(d.started(2) == "");
}

TEST_CASE("rest_for_one leaves those started before alone (B.5)") {
  desk d(rule(strategy_kind::rest_for_one), {permanent, permanent, permanent});
  CHECK(d.up().crashed(1) == "restarting1 stop2");
  CHECK(d.stopped(2) == "start1");
  CHECK(d.started(1) == "start2");
  CHECK(d.started(2) == "");
}

TEST_CASE("a temporary sibling is stopped and forgotten, a parked one is revived (B.5)") {
  desk d(rule(strategy_kind::one_for_all, 2), {transient, temporary, permanent});
  d.up();
  CHECK(d.finished(0) == "left0");
  CHECK(d.crashed(2) == "restarting2 stop1");
  CHECK(d.stopped(1) == "park1 start0");
  CHECK(d.started(0) == "start2");
  CHECK(d.started(2) == "");
  CHECK(d.crashed(2) == "restarting2 stop0");
}

TEST_CASE("one restart is counted for an event, however many children it bounces (B.5)") {
  desk d(rule(strategy_kind::one_for_all, 1), {permanent, permanent});
  d.up().crashed(0);
  CHECK(d.decides.restarts() == 1);
}

TEST_CASE("simultaneous deaths are absorbed by one_for_all (B.5)") {
  desk d(rule(strategy_kind::one_for_all, 1), {permanent, permanent, permanent});
  CHECK(d.up().crashed(0) == "restarting0 stop2");
  CHECK(d.crashed(1) == "");
  CHECK(d.stopped(2) == "misbehaved1 start0");
  CHECK(d.decides.restarts() == 1);
}

TEST_CASE(
    "under rest_for_one a later death is absorbed, and an earlier one costs a restart of its own (B.5)") {
  desk d(rule(strategy_kind::rest_for_one, 1), {permanent, permanent, permanent});
  CHECK(d.up().crashed(1) == "restarting1 stop2");
  CHECK(d.crashed(0) == "");
  CHECK(d.stopped(2) == "start1");
  CHECK(d.started(1) == "start2");
  CHECK(d.started(2) == "giving_up0 stop2");
}

TEST_CASE("deaths during a restart are judged in the order in which they came (B.5)") {
  desk d(rule(strategy_kind::one_for_one, 5), {permanent, permanent, permanent});
  d.up().crashed(0);
  d.crashed(2);
  d.crashed(1);
  CHECK(d.started(0) == "restarting2 start2");
  CHECK(d.started(2) == "restarting1 start1");
}

TEST_CASE("a failed restart is tried again through the queue, and counted each time (B.5)") {
  desk d(rule(strategy_kind::one_for_one, 2), {permanent, permanent});
  CHECK(d.up().crashed(0) == "restarting0 start0");
  CHECK(d.failed(0) == "retry0");
  CHECK(d.decides.child(0).now == plan::status::retrying);
  CHECK(d.retry(0) == "restarting0 start0");
  CHECK(d.failed(0) == "retry0");
  CHECK(d.retry(0) == "giving_up0 stop1");
  CHECK(d.stopped(1) == "ended:gave_up");
}

TEST_CASE("a failed restart is retried relative to the child that failed (B.5)") {
  desk d(rule(strategy_kind::rest_for_one, 5), {permanent, permanent, permanent});
  CHECK(d.up().crashed(0) == "restarting0 stop2");
  CHECK(d.stopped(2) == "stop1");
  CHECK(d.stopped(1) == "start0");
  CHECK(d.started(0) == "start1");
  CHECK(d.failed(1) == "retry1");
  CHECK(d.retry(1) == "restarting1 start1");  // 0 keeps running
  CHECK(d.started(1) == "start2");

  desk all(rule(strategy_kind::one_for_all, 5), {permanent, permanent});
  CHECK(all.up().crashed(1) == "restarting1 stop0");
  CHECK(all.stopped(0) == "start0");
  CHECK(all.started(0) == "start1");
  CHECK(all.failed(1) == "retry1");
  CHECK(all.retry(1) == "restarting1 stop0");  // stopped and started again
}

TEST_CASE("a retry that a sibling's restart has overtaken means nothing (B.5)") {
  desk d(rule(strategy_kind::one_for_all, 5), {permanent, permanent});
  d.up().crashed(1);
  d.stopped(0);
  d.started(0);
  CHECK(d.failed(1) == "retry1");
  CHECK(d.crashed(0) == "restarting0 start0");
  CHECK(d.retry(1) == "");
  CHECK(d.started(0) == "start1");
  CHECK(d.started(1) == "");
}

TEST_CASE("the restart after the last tolerated one ends the supervisor (B.6)") {
  desk d(rule(strategy_kind::one_for_one, 1), {permanent, permanent});
  d.up().crashed(0);
  d.started(0);
  d.now = d.now + 5_s;
  CHECK(d.crashed(0) == "giving_up0 stop1");
  CHECK(d.stopped(1) == "ended:gave_up");
}

TEST_CASE("restarts that are old enough are forgiven (B.6)") {
  desk d(rule(strategy_kind::one_for_one, 1), {permanent});
  d.up().crashed(0);
  d.started(0);
  d.now = d.now + 6_s;
  CHECK(d.crashed(0) == "restarting0 start0");
}

TEST_CASE("temporary crashes and clean transient ends cost nothing (B.2)") {
  desk d(rule(strategy_kind::one_for_one, 0), {temporary, transient, permanent});
  d.up();
  CHECK(d.crashed(0) == "left0");
  CHECK(d.finished(1) == "left1");
  CHECK(d.crashed(2) == "giving_up2 ended:gave_up");
}

TEST_CASE("a whole supervisor stops in reverse order, one child after the other (B.8)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent, permanent});
  CHECK(d.up().stop() == "stop2");
  CHECK(d.stopped(2) == "stop1");
  CHECK(d.stopped(1) == "stop0");
  CHECK(d.stopped(0) == "ended:stopped");
  CHECK(d.stop() == "");
}

TEST_CASE("a child that ends in another way than it was told is reported, and the stop goes on (B.7)") {
  desk d(rule(strategy_kind::one_for_one), {transient, permanent, permanent});
  d.up().stop();
  CHECK(d.crashed(2) == "misbehaved2 stop1");
  CHECK(d.finished(1) == "misbehaved1 stop0");
  CHECK(d.finished(0) == "ended:stopped");
}

TEST_CASE("a permanent child that ended by itself, and was to be killed, is reported (B.7)") {
  const plan::child_rule killed_permanent{.restart = restart_kind::permanent, .brutal_kill = true};
  const plan::child_rule killed_transient{.restart = restart_kind::transient, .brutal_kill = true};
  desk d(rule(strategy_kind::one_for_one), {killed_transient, killed_permanent, killed_permanent});
  d.up().stop();
  CHECK(d.stopped(2) == "misbehaved2 stop1");
  CHECK(d.finished(1) == "misbehaved1 stop0");
  CHECK(d.stopped(0) == "ended:stopped");
}

TEST_CASE("a retry keeps its turn while another restart is under way (B.5)") {
  desk d(rule(strategy_kind::one_for_all, 20), {permanent, permanent});
  CHECK(d.up().crashed(0) == "restarting0 stop1");
  CHECK(d.stopped(1) == "start0");
  CHECK(d.started(0) == "start1");
  CHECK(d.crashed(0) == "");  // before the start of its sibling fails, so it is first
  CHECK(d.failed(1) == "retry1 restarting0 start0");
  CHECK(d.retry(1) == "");
  CHECK(d.started(0) == "start1");
  CHECK(d.finished(0) == "");  // after the retry
  CHECK(d.failed(1) == "retry1 restarting1 misbehaved0 start0");
  CHECK(d.retry(1) == "");
  CHECK(d.started(0) == "start1");
  CHECK(d.started(1) == "");  // so the second retry is not needed any more
}

TEST_CASE("a stop overtakes the start (SEMANTICS 19)") {
  desk d(rule(strategy_kind::one_for_one), {permanent, permanent, permanent});
  d.begin();
  d.started(0);
  CHECK(d.stop() == "stop1");
  CHECK(d.failed(1) == "stop0");
  CHECK(d.stopped(0) == "ended:stopped");
}

TEST_CASE("a child that was faster than the stop of its start is stopped all the same (SEMANTICS 19)") {
  desk d(rule(strategy_kind::one_for_one), {permanent});
  d.begin();
  CHECK(d.stop() == "stop0");
  CHECK(d.started(0) == "");
  CHECK(d.stopped(0) == "ended:stopped");
}

TEST_CASE("a stop during a restart stops what runs, and starts nothing more (SEMANTICS 19)") {
  desk d(rule(strategy_kind::one_for_all), {permanent, permanent, permanent});
  CHECK(d.up().crashed(0) == "restarting0 stop2");
  CHECK(d.stop() == "");  // the stop of 2 is under way already
  CHECK(d.stopped(2) == "stop1");
  CHECK(d.stopped(1) == "ended:stopped");

  desk one(rule(strategy_kind::one_for_one), {permanent, permanent});
  CHECK(one.up().crashed(0) == "restarting0 start0");
  CHECK(one.stop() == "stop1");
  CHECK(one.started(0) == "");
  CHECK(one.stopped(1) == "stop0");
  CHECK(one.stopped(0) == "ended:stopped");
}

TEST_CASE("auto_shutdown_any: the first significant child that ends by itself ends the supervisor (B.4)") {
  plan::supervisor_rule r = rule(strategy_kind::one_for_one);
  r.auto_shutdown = es::auto_shutdown_kind::any_significant;
  desk d(r, {permanent, {restart_kind::transient, true}, {restart_kind::temporary, false}});
  d.up();
  CHECK(d.crashed(2) == "left2");  // not significant
  CHECK(d.crashed(1) == "restarting1 start1");
  CHECK(d.started(1) == "");
  CHECK(d.finished(1) == "left1 shutting_down1 stop0");
  CHECK(d.stopped(0) == "ended:auto_shutdown");
}

TEST_CASE("auto_shutdown_all: only the last significant child's end does (B.4)") {
  plan::supervisor_rule r = rule(strategy_kind::one_for_one, 3);
  r.auto_shutdown = es::auto_shutdown_kind::all_significant;
  desk d(r, {{restart_kind::transient, true}, {restart_kind::temporary, true}, permanent});
  d.up();
  CHECK(d.finished(0) == "left0");
  CHECK(d.crashed(1) == "left1 shutting_down1 stop2");
  CHECK(d.stopped(2) == "ended:auto_shutdown");
}

TEST_CASE("a significant child that its supervisor stopped triggers nothing (B.4)") {
  plan::supervisor_rule r = rule(strategy_kind::one_for_all, 3);
  r.auto_shutdown = es::auto_shutdown_kind::any_significant;
  desk d(r, {permanent, {restart_kind::temporary, true}});
  CHECK(d.up().crashed(0) == "restarting0 stop1");
  CHECK(d.stopped(1) == "park1 start0");
  CHECK(d.started(0) == "");
}

TEST_CASE("a supervisor that starts anew has a fresh budget, and all its children back (B.10)") {
  desk d(rule(strategy_kind::one_for_one, 1), {temporary, permanent});
  d.up().crashed(0);
  d.crashed(1);
  d.started(1);
  CHECK(d.crashed(1) == "giving_up1 ended:gave_up");
  CHECK(d.begin() == "start0");
  CHECK(d.started(0) == "start1");
  CHECK(d.started(1) == "up");
  CHECK(d.crashed(1) == "restarting1 start1");
}

TEST_CASE("the time of an event that need not be asked for means nothing") {
  for (unsigned seed = 1; seed != 3'000; ++seed) {
    std::minstd_rand random(seed);
    const auto any = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto strategy = static_cast<strategy_kind>(any(3));
    const std::vector<plan::child_rule> children = {permanent, transient};
    desk exact(rule(strategy, 2), children);
    desk vague(rule(strategy, 2), children);
    REQUIRE(exact.begin() == vague.begin());
    std::string trace;
    for (int i = 0; i != 100; ++i) {
      exact.now = exact.now + 600_ms;
      vague.now = vague.decides.asks_time() ? exact.now : es::instant{};
      const unsigned what = any(5);
      const unsigned child = any(2);
      const auto why = static_cast<plan::exit_class>(any(3));
      const auto act = [&](desk& d) {
        if (what == 0) return d.failed(child);
        if (what == 1) return d.retry(child);
        return what == 2 ? d.started(child) : d.ended(child, why);
      };
      const std::string said = act(exact);
      trace += said + "; ";
      REQUIRE_MESSAGE(act(vague) == said, "seed ", seed, ": ", trace);
    }
  }
}

TEST_CASE("a plan runs in the compiler") {
  constexpr bool gave_up = [] {
    plan::child_rule rules[] = {permanent, permanent};
    plan::child_state states[2];
    es::instant ring[1];
    plan::supervisor_plan p(rule(strategy_kind::one_for_one, 1), rules, states, 2, ring);
    p.assume_running();
    bool out = false;
    auto orders = [&](plan::order o) { out = out || o.what == plan::order_kind::giving_up; };
    p.child_ended(0, plan::exit_class::abnormal, es::instant{}, orders);
    p.started(0, es::instant{}, orders);
    p.child_ended(0, plan::exit_class::abnormal, es::instant{}, orders);
    return out;
  }();
  CHECK(gave_up);
}
