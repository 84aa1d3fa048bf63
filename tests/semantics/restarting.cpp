// SEMANTICS 21 to 24: the window, back-off, restarts by request, and children with arguments.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <memory>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};

template <class P, class T>
void crash(es::simulation<T>& sim) {
  sim.template cast<P>(typename P::crash{});
  sim.run_until_idle();
}

// --- 21

template <class T>
bool survives(es::duration first_gap, es::duration second_gap) {
  es::simulation<T> sim;
  crash<a>(sim);
  sim.run_for(first_gap);
  crash<a>(sim);
  sim.run_for(second_gap);
  crash<a>(sim);
  return !sim.gave_up();
}

TEST_CASE(
    "a restart exactly one period old still counts, and one older by a nanosecond does not (SEMANTICS 21)") {
  using seconds = es::supervisor<es::intensity<2, 5_s>, a>;
  CHECK(!survives<seconds>(2_s, 3_s));
  CHECK(survives<seconds>(2_s, 3_s + 1_ns));
  CHECK(survives<seconds>(2_s + 1_ns, 3_s));
  using one = es::supervisor<es::intensity<1, 5_s>, a>;
  CHECK(!survives<one>(5_s, 1_h));
  CHECK(survives<one>(5_s + 1_ns, 5_s + 1_ns));
}

TEST_CASE("a period may be shorter than a second (SEMANTICS 21)") {
  using short_one = es::supervisor<es::intensity<2, 250_ms>, a>;
  CHECK(!survives<short_one>(125_ms, 125_ms));
  CHECK(survives<short_one>(125_ms, 125_ms + 1_ns));
  using shortest = es::supervisor<es::intensity<1, 1_ns>, a>;
  CHECK(!survives<shortest>(1_ns, 1_h));
  CHECK(survives<shortest>(2_ns, 2_ns));
}

TEST_CASE("the clock is not cut to seconds (SEMANTICS 21)") {
  using seconds = es::supervisor<es::intensity<1, 1_s>, a>;
  es::simulation<seconds> sim;  // OTP would read 0 s and 1 s, and count both
  sim.run_for(900_ms);
  crash<a>(sim);
  sim.run_for(1_s + 1_ns);
  crash<a>(sim);
  CHECK(sim.matches(es::trace{}.crashed<a>().started<a>().crashed<a>().started<a>()));
  sim.run_for(999_ms);
  crash<a>(sim);
  CHECK(sim.gave_up());
}

// --- 22

struct waiting
    : es::supervisor<es::rest_for_one, es::intensity<5, 60_s>, a, es::child<b, es::backoff<10_s, 10_s>>, c> {
};

/// Crashes `b` twice, so that it waits.
void have_b_wait(es::simulation<waiting>& sim) {
  crash<b>(sim);
  crash<b>(sim);
}

TEST_CASE(
    "who waits for the end of a back-off is `restarting`, and so is who restarts with it (SEMANTICS 22)") {
  es::simulation<waiting> sim;
  have_b_wait(sim);
  std::string shown;
  for (es::child_info const& i : sim.which_children<waiting>()) {
    shown += i.status == es::child_status::restarting ? "restarting " : "running ";
  }
  CHECK(shown == "running restarting restarting ");
  CHECK(sim.restart_child<b>() == child_result::restarting);
  CHECK(sim.restart_child<c>() == child_result::restarting);
  CHECK(sim.restart_child<a>() == child_result::running);
}

TEST_CASE("the restart is counted when it is scheduled (SEMANTICS 22)") {
  struct strict : es::supervisor<es::intensity<2, 60_s>, a, es::child<b, es::backoff<10_s, 10_s>>> {};
  es::simulation<strict> sim;
  crash<b>(sim);
  crash<b>(sim);  // waits
  crash<a>(sim);
  CHECK(sim.gave_up());
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.matches(
      es::trace{}.crashed<b>().started<b>().crashed<b>().crashed<a>().gave_up<strict>().stopped<strict>()));
}

TEST_CASE("waiting does not age the window, but what passes after it does (SEMANTICS 22)") {
  struct aging : es::supervisor<es::intensity<2, 5_s>, es::child<a, es::backoff<20_s, 20_s>>> {};
  auto crash_again_after = [](es::duration d) {
    es::simulation<aging> sim;
    crash<a>(sim);
    crash<a>(sim);
    sim.call<a>(a::ping{}, 1_h);  // after 15 to 20 seconds
    sim.run_for(d);
    crash<a>(sim);
    return sim.gave_up();
  };
  CHECK(crash_again_after(5_s));
  CHECK(!crash_again_after(5_s + 1_ns));
}

TEST_CASE("terminate_child cancels a back-off, also of who restarts with it (SEMANTICS 22)") {
  es::simulation<waiting> sim;
  have_b_wait(sim);
  CHECK(sim.terminate_child<c>() == child_result::ok);
  CHECK(sim.terminate_child<b>() == child_result::ok);
  sim.run_for(60_s);
  CHECK(sim.contains(es::trace{}.crashed<b>().stopped<c>()));
  CHECK(sim.trace().steps().size() == 6);
  CHECK(sim.restart_child<b>() == child_result::ok);
  CHECK(sim.call<b>(b::ping{}) == 3);
}

TEST_CASE(
    "a sibling's restart that covers a waiting child absorbs it, and takes the longer delay (SEMANTICS 22)") {
  struct both : es::supervisor<es::rest_for_one, es::intensity<9, 60_s>, es::child<a, es::backoff<8_s, 8_s>>,
                               es::child<b, es::backoff<2_s, 2_s>>> {};
  es::simulation<both> sim;
  crash<a>(sim);
  crash<b>(sim);
  crash<b>(sim);  // waits for up to 2 s
  sim.run_for(1_s);
  crash<a>(sim);  // waits for up to 8 s
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .stopped<b>()
                        .started<a>()
                        .started<b>()
                        .crashed<b>()
                        .started<b>()
                        .crashed<b>()
                        .crashed<a>()));
  const es::duration before = sim.elapsed();
  CHECK(sim.call<b>(b::ping{}, 1_h) == 4);
  CHECK(sim.elapsed() - before >= 6_s);
  CHECK(sim.elapsed() - before <= 8_s);
  CHECK(sim.call<a>(a::ping{}) == 3);
  CHECK(sim.trace().steps().size() == 10);
}

constexpr es::duration delay_with(std::uint16_t jitter) {
  namespace plan = es::plan;
  plan::child_rule rules[] = {{.backoff_first = 4_s, .backoff_max = 8_s}};
  plan::child_state states[1];
  es::instant ring[5];
  plan::supervisor_plan decides({.max_restarts = 5, .period = 5_s}, rules, states, 1, ring);
  es::duration waits{};
  auto orders = [&](plan::order const& o) {
    if (o.what == plan::order_kind::wait) waits = o.delay;
  };
  decides.assume_running();
  decides.take_jitter(jitter);
  decides.child_ended(0, plan::exit_class::abnormal, {}, orders);
  decides.started(0, {}, orders);
  decides.child_ended(0, plan::exit_class::abnormal, {}, orders);
  return waits;
}

TEST_CASE(
    "jitter is drawn outside the plan, which shortens the wait by up to a quarter with it (SEMANTICS 22)") {
  static_assert(delay_with(0) == 4_s);
  static_assert(delay_with(32768) > 3499_ms && delay_with(32768) < 3501_ms);
  static_assert(delay_with(65535) >= 3_s && delay_with(65535) < 3001_ms);
  CHECK(delay_with(1) < delay_with(0));
}

// --- 23

TEST_CASE_TEMPLATE(
    "restart_child touches no sibling, and restart_group those that a crash would (SEMANTICS 23)", strategy,
    es::one_for_one, es::one_for_all, es::rest_for_one) {
  es::simulation<es::supervisor<strategy, es::intensity<0, 5_s>, a, b, c>> sim;
  CHECK(sim.template terminate_child<b>() == child_result::ok);
  CHECK(sim.template restart_child<b>() == child_result::ok);
  CHECK(sim.matches(es::trace{}.stopped<b>().template started<b>()));
  CHECK(sim.template restart_group<b>() == child_result::ok);
  constexpr bool all = std::is_same_v<strategy, es::one_for_all>;
  constexpr bool one = std::is_same_v<strategy, es::one_for_one>;
  CHECK(sim.template call<a>(a::ping{}) == (all ? 2U : 1U));
  CHECK(sim.template call<b>(b::ping{}) == 3U);
  CHECK(sim.template call<c>(c::ping{}) == (one ? 1U : 2U));
  CHECK(!sim.gave_up());
}

/// Asks about two processes, one for calls and one for casts.
struct operator_ : scripted<operator_> {
  using scripted::handle;
  using calls = es::processes<a>;
  using casts = es::processes<b>;
  struct cycle {
    using reply = std::string;
  };
  es::task<std::string> handle(cycle, es::context<operator_>& self) {
    std::string out;
    out += word(co_await self.terminate_child<a>());
    out += word(co_await self.terminate_child<b>());
    out += word(co_await self.restart_child<a>());
    out += word(co_await self.restart_child<b>());
    out += word(co_await self.restart_group<a>());
    out += word(co_await self.restart_group<b>());
    co_return out;
  }
};

TEST_CASE("a process administers those in its calls and in its casts, but none above it (SEMANTICS 23)") {
  struct others : es::supervisor<a, b> {};
  struct beside : es::supervisor<others, operator_> {};
  struct deeper : es::supervisor<others, es::supervisor<es::supervisor<operator_>>> {};
  struct below : es::supervisor<a, b, es::supervisor<operator_>> {};
  es::simulation<beside> sim;
  CHECK(sim.call<operator_>(operator_::cycle{}) == "okokokokokok");
  es::simulation<deeper> deep;
  CHECK(deep.call<operator_>(operator_::cycle{}) == "okokokokokok");
  es::simulation<below> refused;
  CHECK(refused.call<operator_>(operator_::cycle{}) == "belowbelowbelowbelowbelowbelow");
  CHECK(refused.matches(es::trace{}));
}

struct dependent : scripted<dependent> {
  using restarts_with = es::processes<a>;
};

TEST_CASE(
    "a process that must restart with another one keeps that from being restarted alone (SEMANTICS 23)") {
  struct root : es::supervisor<es::one_for_all, es::intensity<5, 5_s>, a, dependent> {};
  es::simulation<root> sim;
  sim.terminate_child<a>();
  CHECK(sim.restart_child<a>() == child_result::needed);
  CHECK(sim.restart_group<a>() == child_result::ok);  // both together
  CHECK(sim.call<a>(a::ping{}) == 2);
  CHECK(sim.call<dependent>(dependent::ping{}) == 2);
  sim.terminate_child<a>();
  sim.terminate_child<dependent>();
  CHECK(sim.restart_child<a>() == child_result::ok);
  CHECK(sim.call<a>(a::ping{}) == 3);
}

// --- 24

/// Takes its arguments with or without a context.
struct session {
  using args = es::arguments<std::shared_ptr<int>, std::string>;
  session(std::shared_ptr<int> h, std::string t) : held(std::move(h)), text(std::move(t)) {}
  struct say {
    using reply = std::string;
  };
  struct crash {};
  struct let_go {};
  std::string handle(say) { return text; }
  void handle(crash) { throw 1; }
  void handle(let_go) { held.reset(); }
  std::shared_ptr<int> held;
  std::string text;
};
struct with_context : session {
  with_context(es::context<with_context>& self, std::shared_ptr<int> h, std::string t)
      : session(std::move(h), t + std::to_string(self.incarnation())) {}
};

struct forgetful : es::dynamic<es::child<session, es::temporary>> {};
struct mindful : es::dynamic<es::child<with_context>> {};
struct app : es::supervisor<forgetful, mindful> {};

TEST_CASE("start arguments are kept for restarts, each of which gets a copy of its own (SEMANTICS 24)") {
  const auto value = std::make_shared<int>(1);
  es::simulation<app> sim;
  const auto r = sim.start_child<mindful>(value, "a");
  CHECK(sim.call(r, session::say{}) == "a1");
  sim.cast(r, session::crash{});
  sim.run_until_idle();
  CHECK(sim.call(r, session::say{}) == "a2");
  sim.cast(r, session::let_go{});
  sim.run_until_idle();
  CHECK(value.use_count() == 2);  // the process has let go, and the arguments wait for its next restart
  CHECK(sim.terminate_child(r) == child_result::ok);
  CHECK(value.use_count() == 1);
}

TEST_CASE("start arguments of a temporary child are forgotten once it is up (SEMANTICS 24)") {
  const auto value = std::make_shared<int>(1);
  es::simulation<app> sim;
  const auto r = sim.start_child<forgetful>(value, "a");
  CHECK(sim.call(r, session::say{}) == "a");
  CHECK(value.use_count() == 2);  // the process's own
  sim.cast(r, session::let_go{});
  sim.run_until_idle();
  CHECK(value.use_count() == 1);
}

TEST_CASE("a dynamic supervisor tolerates one restart in 5 s if it does not say otherwise (SEMANTICS 24)") {
  auto crash_again_after = [](es::duration d) {
    es::simulation<app> sim;
    const auto r = sim.start_child<mindful>(nullptr, "a");
    sim.cast(r, session::crash{});
    sim.run_for(d);
    sim.cast(r, session::crash{});
    sim.run_until_idle();
    return bool(sim.contains(es::trace{}.gave_up<mindful>().started<mindful>()));
  };
  CHECK(crash_again_after(5_s));
  CHECK(!crash_again_after(5_s + 1_ns));
}

}  // namespace
