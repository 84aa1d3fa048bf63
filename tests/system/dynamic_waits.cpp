// Back-off (SEMANTICS 22) and start limits of children that are started at run time.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;
using es::child_result;
using es::child_status;

namespace {

struct worker {
  struct crash {};
  struct ping {
    using reply = std::uint64_t;
  };
  void handle(crash) { throw std::runtime_error("crash"); }
  std::uint64_t handle(ping, es::context<worker>& self) { return self.incarnation(); }
};
struct workers : es::dynamic<es::child<worker, es::backoff<1_s, 4_s>>, es::intensity<20, 10_s>> {};
struct app : es::supervisor<workers> {};

template <class T>
void crash(es::simulation<T>& sim, es::ref<worker> who) {
  sim.cast(who, worker::crash{});
  sim.run_until_idle();
}
/// How long it takes until a child answers; a jitter of up to a quarter is allowed for.
template <class T>
void check_up_within(es::simulation<T>& sim, es::ref<worker> who, es::duration least, es::duration most) {
  const es::duration before = sim.elapsed();
  CHECK(sim.try_call(who, worker::ping{}, 1_h));
  const es::duration took = sim.elapsed() - before;
  INFO("took ms ", took.nanoseconds / 1'000'000);
  CHECK(took >= least);
  CHECK(took <= most);
}

TEST_CASE(
    "a repeated restart of a dynamic child waits, twice as long each time, up to the most (SEMANTICS 22)") {
  es::simulation<app> sim;
  const auto a = sim.start_child<workers>();
  crash(sim, a);
  check_up_within(sim, a, 0_s, 0_s);
  crash(sim, a);
  check_up_within(sim, a, 750_ms, 1_s);
  crash(sim, a);
  check_up_within(sim, a, 1500_ms, 2_s);
  crash(sim, a);
  check_up_within(sim, a, 3_s, 4_s);
  crash(sim, a);
  check_up_within(sim, a, 3_s, 4_s);
  CHECK(sim.reports().back().find("restarting app/workers/worker after 3") != std::string::npos);
  CHECK(sim.call(a, worker::ping{}) == 6);
  CHECK(sim.broken().empty());
}

TEST_CASE("each dynamic child backs off for itself, and the others go on (SEMANTICS 22)") {
  es::simulation<app> sim;
  const auto a = sim.start_child<workers>();
  const auto b = sim.start_child<workers>();
  crash(sim, a);
  crash(sim, a);
  crash(sim, b);
  CHECK(sim.call(b, worker::ping{}) == 2);
  const auto c = sim.start_child<workers>();
  CHECK(sim.call(c, worker::ping{}) == 1);
  CHECK(sim.elapsed() == 0_s);
  crash(sim, b);
  sim.run_for(500_ms);
  check_up_within(sim, a, 250_ms, 500_ms);
  check_up_within(sim, b, 0_s, 250_ms);
}

TEST_CASE("that a dynamic child's restart is repeated is forgotten after one period of life (SEMANTICS 22)") {
  es::simulation<app> sim;
  const auto a = sim.start_child<workers>();
  crash(sim, a);
  crash(sim, a);
  check_up_within(sim, a, 750_ms, 1_s);
  sim.run_for(10_s);
  crash(sim, a);
  check_up_within(sim, a, 0_s, 0_s);
}

TEST_CASE("waiting does not age the window of a dynamic supervisor (SEMANTICS 22)") {
  struct loops : es::dynamic<es::child<worker, es::backoff<10_s, 10_s>>, es::intensity<3, 5_s>> {};
  struct root : es::supervisor<loops> {};
  es::simulation<root> sim;
  const auto a = sim.start_child<loops>();
  for (int i = 0; i != 3; ++i) {
    crash(sim, a);
    CHECK(sim.try_call(a, worker::ping{}, 1_h));
  }
  CHECK(sim.elapsed() > 10_s);
  crash(sim, a);
  CHECK(sim.contains(es::trace{}.crashed<worker>().gave_up<loops>().stopped<loops>().started<loops>()));
}

TEST_CASE("a dynamic child that waits is restarting, and terminate_child cancels that (SEMANTICS 22)") {
  es::simulation<app> sim;
  const auto a = sim.start_child<workers>();
  crash(sim, a);
  crash(sim, a);
  CHECK(sim.which_children<workers>().at(0).status == child_status::restarting);
  CHECK(sim.terminate_child(a) == child_result::ok);
  CHECK(sim.which_children<workers>().empty());
  CHECK(sim.try_call(a, worker::ping{}).reason() == es::reason::noproc);
  const auto b = sim.start_child<workers>();  // at the same place
  sim.run_for(10_s);
  CHECK(sim.call(b, worker::ping{}) == 1);
}

TEST_CASE("a stop does not wait for dynamic children that back off (SEMANTICS 22)") {
  es::simulation<app> sim;
  for (int i = 0; i != 3; ++i) {
    const auto a = sim.start_child<workers>();
    crash(sim, a);
    crash(sim, a);
  }
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 0_s);
  sim.audit_end();
  CHECK(sim.broken().empty());
}

// --- start limits

/// Takes its time to start: first so long, and when it is started again so long.
struct late {
  using args = es::arguments<es::duration, es::duration>;
  struct crash {};
  struct ping {
    using reply = std::uint64_t;
  };
  late(es::duration f, es::duration a) : first(f), again(a) {}
  es::task<void> init(es::context<late>& self) {
    co_await self.sleep(self.incarnation() == 1 ? first : again);
  }
  void handle(crash) { throw std::runtime_error("crash"); }
  std::uint64_t handle(ping, es::context<late>& self) { return self.incarnation(); }
  es::duration first, again;
};
struct lates : es::dynamic<es::child<late, es::start_limit<2_s>>, es::intensity<2, 60_s>> {};
struct house : es::supervisor<lates> {};

TEST_CASE(
    "a dynamic child's start that takes longer than its limit has failed, with timeout, and leaves nothing") {
  es::simulation<house> sim;
  CHECK_THROWS_WITH_AS(sim.start_child<lates>(3_s, 0_s),
                       "call to lates failed: timeout: not started within 2 s", es::call_failed);
  CHECK(sim.elapsed() == 2_s);
  CHECK(sim.count_children<lates>() == es::child_counts{});
  CHECK(sim.start_child<lates>(1_s, 0_s));
  sim.run_for(10_s);
  CHECK(sim.count_children<lates>().active == 1);
  CHECK(sim.matches(es::trace{}.started<late>()));
}

TEST_CASE("a dynamic child's restart that takes longer than its limit is tried again, and counted") {
  es::simulation<house> sim;
  const auto a = sim.start_child<lates>(0_s, 3_s);
  sim.cast(a, late::crash{});
  sim.run_for(1_s);
  CHECK(sim.try_call(a, late::ping{}, 30_s).reason() == es::reason::noproc);
  CHECK(sim.elapsed() == 4_s);
  sim.run_until_idle();
  CHECK(sim.contains(
      es::trace{}.crashed<late>().restarting<late>().restarting<late>().gave_up<lates>().stopped<lates>()));
  CHECK(sim.reports().at(1).find("timeout: not started within 2 s") != std::string::npos);
}

TEST_CASE("dynamic children that start side by side have a limit each") {
  struct one {
    using starts = es::processes<lates>;
    struct open {};
    es::task<void> handle(open, es::context<one>& self) { co_await self.start_child<lates>(1900_ms, 0_s); }
  };
  struct two {
    using starts = es::processes<lates>;
    struct open {};
    es::task<void> handle(open, es::context<two>& self) { co_await self.start_child<lates>(1900_ms, 0_s); }
  };
  struct root : es::supervisor<lates, one, two> {};
  es::simulation<root> sim;
  sim.cast<one>(one::open{});
  sim.run_for(1500_ms);
  sim.cast<two>(two::open{});
  sim.run_for(400_ms);
  CHECK(sim.count_children<lates>().active == 1);
  sim.run_for(1500_ms);
  CHECK(sim.count_children<lates>().active == 2);
}

TEST_CASE("a stop overtakes a dynamic child's start, whose limit means nothing then (SEMANTICS 19)") {
  es::simulation<house> sim;
  const auto a = sim.start_child<lates>(0_s, 1_h);
  sim.cast(a, late::crash{});
  sim.run_for(1_s);
  SUBCASE("the stop of the whole") { CHECK(sim.stop() == es::reason::shutdown); }
  SUBCASE("or of the child") { CHECK(sim.terminate_child(a) == child_result::ok); }
  CHECK(sim.elapsed() == 1_s);
  sim.run_for(10_s);
  CHECK(sim.matches(sim.ended()
                        ? es::trace{}.started<late>().crashed<late>().stopped<lates>().stopped<house>()
                        : es::trace{}.started<late>().crashed<late>()));
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("dynamic children with waits survive a crash everywhere, under many schedules") {
  struct both
      : es::dynamic<es::child<late, es::backoff<1_s, 2_s>, es::start_limit<2_s>>, es::intensity<5, 9_s>> {};
  struct opener {
    using starts = es::processes<both>;
    struct open {};
    es::task<void> handle(open, es::context<opener>& self) {
      const auto a = co_await self.start_child<both>(0_s, 1_s);
      self.cast<late::crash>(a);
      static_cast<void>(co_await self.try_call<late::ping>(a));
      self.cast<late::crash>(a);
      static_cast<void>(co_await self.try_call<late::ping>(a));
      static_cast<void>(co_await self.terminate_child(a));
    }
  };
  struct root : es::supervisor<es::intensity<9, 9_s>, both, opener> {};
  auto scenario = [](es::simulation<root>& sim) {
    sim.cast<opener>(opener::open{});
    sim.cast<opener>(opener::open{});
    sim.run_for(20_s);
  };
  for (std::uint64_t s = 1; s != 20; ++s) CHECK(es::crash_everywhere<root>(scenario, es::seed{s}));
}

}  // namespace
