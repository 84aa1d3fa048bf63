#include <espalier.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <ctime>
#include <future>
#include <latch>
#include <thread>

#include "forked.hpp"
#include "scripted.hpp"

// Trees on the pool. What they decide is tested in simulations; here are threads, time and signals the
// subject.

namespace es = espalier;
using namespace es::literals;

namespace {

es::settings quiet(unsigned workers = 0) { return {.workers = workers, .on_report = nullptr}; }

struct a : scripted<a> {};
struct b : scripted<b> {
  using scripted::handle;
  using calls = es::processes<a>;
  struct ask {
    using reply = std::uint64_t;
  };
  es::task<std::uint64_t> handle(ask, es::context<b>& self) {
    const std::uint64_t n = co_await self.call<a, a::ping>();
    co_return n;
  }
};
struct tree : es::supervisor<es::intensity<1'000'000, 5_s>, a, b> {};

TEST_CASE("a system answers from outside, restarts what crashes, and stops") {
  for (unsigned workers : {1U, 2U, 4U}) {
    es::system<tree> sys(quiet(workers));
    CHECK(sys.call<b>(b::ask{}) == 1);
    CHECK_THROWS_AS(sys.call<a>(a::fail{}), es::call_failed);
    CHECK(sys.call<b>(b::ask{}) == 2);
    sys.stop();
    sys.stop();
    CHECK(sys.wait() == es::reason::shutdown);
    CHECK_FALSE(sys.gave_up());
    CHECK_THROWS_AS(sys.call<a>(a::ping{}), es::call_failed);
  }
}

TEST_CASE("a blocking call ends with its limit") {
  es::system<tree> sys(quiet());
  CHECK_THROWS_WITH_AS(sys.call<a>(a::nap{3600_s}, 20_ms), "call to a failed: timeout", es::call_failed);
  sys.stop();  // ends the nap
}

TEST_CASE("crashes and calls from many threads: every caller gets an answer or a reason (promise 3)") {
  es::system<tree> sys(quiet(4));
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  std::atomic<int> failed{0};
  constexpr int rounds = 300;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i != rounds; ++i) {
        try {
          if (t == 0) sys.cast<a>(a::crash{});
          sys.call<b>(b::ask{}, es::infinity);
          ++answered;
        } catch (es::call_failed const& e) {
          CHECK(e.reason() == es::reason::crashed);
          ++failed;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(answered + failed == 4 * rounds);
  CHECK(sys.call<b>(b::ask{}) > 1);
}

struct counting {
  struct enter {
    using reply = int;
  };
  struct bump {};
  // Plain memory: ThreadSanitizer tells if two workers run one process, or if the hand-over does not
  // synchronise.
  void handle(bump) { ++count; }
  int handle(enter) { return count; }
  int count = 0;
};

TEST_CASE("a process runs on one worker at a time, and sees what it did on another") {
  es::system<es::supervisor<counting>> sys(quiet(4));
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 5000; ++i) sys.cast<counting>(counting::bump{});
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(sys.call<counting>(counting::enter{}) == 20000);
}

struct flood {
  struct more {};
  void handle(more, es::context<flood>& self) {
    if (!self.stopping()) self.cast<flood>(more{});
  }
};

TEST_CASE("a process that floods itself does not starve others, even on one worker") {
  es::system<es::supervisor<flood, a>> sys(quiet(1));
  sys.cast<flood>(flood::more{});
  for (int i = 0; i != 100; ++i) CHECK(sys.call<a>(a::ping{}) == 1);
  sys.stop();
}

es::duration processor_time() {
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return es::duration{t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

/// Keeps its worker busy in each turn, and always has another one to do.
struct hog {
  struct more {};
  struct turns {
    using reply = int;
  };
  void handle(more, es::context<hog>& self) {
    ++count;
    for (const es::duration until = processor_time() + 3_ms; processor_time() < until;) {
    }
    if (!self.stopping()) self.cast<hog>(more{});
  }
  int handle(turns) { return count; }
  int count = 0;
};

TEST_CASE("a process that is busy for long in each turn does not hold up outside calls on one worker") {
  es::system<es::supervisor<hog, a>> sys(quiet(1));
  sys.cast<hog>(hog::more{});
  const int before = sys.call<hog>(hog::turns{});
  for (int i = 0; i != 20; ++i) CHECK(sys.call<a>(a::ping{}) == 1);
  CHECK(sys.call<hog>(hog::turns{}) - before < 100);
  sys.stop();
}

TEST_CASE("two systems of one tree live side by side (promise 9)") {
  es::system<tree> one(quiet());
  es::system<tree> two(quiet());
  CHECK_THROWS_AS(one.call<a>(a::fail{}), es::call_failed);
  CHECK(one.call<a>(a::ping{}) == 2);
  CHECK(two.call<a>(a::ping{}) == 1);
}

struct broken {
  broken() { throw std::runtime_error("no disk"); }
};

TEST_CASE("a failed start throws, names child and cause, and leaves nothing running") {
  struct bad : es::supervisor<a, broken> {};
  try {
    es::system<bad> sys(quiet());
    FAIL("started");
  } catch (es::start_failed const& failed) {
    CHECK(failed.child() == "bad/broken");
    CHECK(failed.reason() == es::exit_reason(es::reason::crashed, "std::runtime_error: no disk"));
  }
}

TEST_CASE("the root that gives up ends the system, and says why") {
  struct strict : es::supervisor<es::intensity<0, 1_s>, a> {};
  es::system<strict> sys(quiet());
  sys.cast<a>(a::crash{});
  const es::exit_reason why = sys.wait();
  CHECK(sys.gave_up());
  CHECK(why == es::reason::shutdown);
  REQUIRE(why.cause() != nullptr);
  CHECK(*why.cause() == es::exit_reason(es::reason::crashed, "std::runtime_error: told to"));
  CHECK_THROWS_AS(sys.call<a>(a::ping{}), es::call_failed);
}

struct outside_caller {
  using needs = es::environment<es::system<tree>*>;
  struct go {
    using reply = std::string;
  };
  std::string handle(go, es::context<outside_caller>& self) {
    try {
      self.environment<es::system<tree>*>()->call<a>(a::ping{});
      return "another system may be called";
    } catch (std::logic_error const& e) {
      return e.what();
    }
  }
};

TEST_CASE("another system may be called from inside a handler, the own one may not") {
  es::system<tree> other(quiet());
  es::system<es::supervisor<outside_caller>> sys{es::with(&other), quiet()};
  CHECK(sys.call<outside_caller>(outside_caller::go{}) == "another system may be called");
}

TEST_CASE("a sink that throws loses its report, and nothing else") {
  es::settings how;
  how.on_report = [](es::report const&) { throw std::runtime_error("disk full"); };
  es::system<tree> sys(how);
  CHECK_THROWS_AS(sys.call<a>(a::fail{}), es::call_failed);
  CHECK(sys.call<a>(a::ping{}) == 2);
}

TEST_CASE("an idle system uses no processor time (promise 7)") {
  es::system<tree> sys(quiet(4));
  sys.call<b>(b::ask{});
  const es::duration before = processor_time();
  // The pool's own timing is the subject: a call that nothing answers for two seconds.
  CHECK_THROWS_AS(sys.call<a>(a::nap{60_s}, 2_s), es::call_failed);
  const es::duration used = processor_time() - before;
  MESSAGE("processor time of an idle system over 2 s, in microseconds: ", used.nanoseconds / 1000);
  CHECK(used < 20_ms);
}

struct many_timers {
  using needs = es::environment<std::latch*>;
  struct tick {};
  void init(es::context<many_timers>& self) {
    for (int i = 0; i != 5; ++i) self.send_every(20_us, tick{});
  }
  void handle(tick, es::context<many_timers>& self) {
    if (++ticks == 2000) self.environment<std::latch*>()->count_down();
  }
  int ticks = 0;
};

TEST_CASE("timers that expire all the time keep all workers going") {
  struct one : es::name_for<many_timers> {};
  struct two : es::name_for<many_timers> {};
  std::latch ticked(2);
  es::system<es::supervisor<one, two>> sys(es::with(&ticked), quiet(4));
  ticked.wait();
}

/// Counts down, in a small mailbox.
struct narrow {
  using needs = es::environment<std::latch*>;
  struct one {};
  void handle(one, es::context<narrow>& self) { self.environment<std::latch*>()->count_down(); }
};
struct feeder {
  using casts = es::processes<narrow>;
  struct feed {
    int times;
  };
  void handle(feed m, es::context<feeder>& self) {
    for (int i = 0; i != 10; ++i) self.cast<narrow, narrow::one>();
    if (m.times > 1) self.cast<feeder, feed>(m.times - 1);
  }
};

TEST_CASE("a full mailbox holds up threads and processes, and loses nothing (SEMANTICS 10)") {
  struct feeding : es::supervisor<es::child<narrow, es::mailbox<4, es::overflow::suspend>>, feeder> {};
  std::latch all(9000);
  es::system<feeding> sys(es::with(&all), quiet(3));
  sys.cast<feeder>(feeder::feed{300});
  std::thread other([&] {
    for (int i = 0; i != 3000; ++i) sys.cast<narrow>(narrow::one{});
  });
  for (int i = 0; i != 3000; ++i) sys.cast<narrow>(narrow::one{});
  other.join();
  all.wait();
}

/// Monitors and links, and crashes with it.
struct entangled {
  using casts = es::processes<a>;
  struct go {
    int left;
  };
  void handle(go m, es::context<entangled>& self) {
    if (m.left == 0) return;
    if (self.incarnation() % 2 == 0) self.trap_exits();
    const es::monitor_id first = self.monitor<a>();
    self.link<a>();
    self.cast<entangled, go>(m.left - 1);
    if (m.left % 3 == 0) self.cast<a, a::crash>();
    if (m.left % 5 == 0) self.demonitor(first);
    if (m.left % 7 == 0) self.unlink<a>();
    if (m.left % 11 == 0) self.exit<a>(es::reason::killed);
  }
  void handle(es::down<a>) {}
  void handle(es::exited<a>) {}
};

TEST_CASE("monitors and links hold on many threads, while everybody crashes") {
  struct one : es::name_for<entangled> {};
  struct two : es::name_for<entangled> {};
  struct three : es::name_for<entangled> {};
  struct busy : es::supervisor<es::intensity<1'000'000, 1_s>, a, one, two, three> {};
  es::system<busy> sys(quiet(4));
  for (int i = 0; i != 200; ++i) {
    sys.cast<one>(entangled::go{20});
    sys.cast<two>(entangled::go{20});
    sys.cast<three>(entangled::go{20});
    try {
      sys.call<a>(a::ping{});
    } catch (es::call_failed const&) {
    }
  }
  sys.stop();
  CHECK(!sys.gave_up());
}

/// Throws when its supervisor has lost patience with it.
struct throws_after_the_kill {
  using needs = es::environment<std::promise<void>*, std::shared_future<void>, std::atomic<int>*>;
  explicit throws_after_the_kill(es::context<throws_after_the_kill>& self)
      : terminated(self.environment<std::atomic<int>*>()) {}
  struct work {};
  void handle(work, es::context<throws_after_the_kill>& self) {
    self.environment<std::promise<void>*>()->set_value();
    self.environment<std::shared_future<void>>().wait();
    throw std::runtime_error("at last");
  }
  void terminate(es::exit_reason const&) { ++*terminated; }
  std::atomic<int>* terminated;
};

TEST_CASE("a killed process runs no terminate, also if its function ends in a throw (SEMANTICS 14, 15, 17)") {
  std::promise<void> working;
  std::promise<void> go;
  std::atomic<int> terminated{0};
  es::settings how;
  how.on_report = [&](es::report const& r) {
    if (r.kind == es::report_kind::quarantined) go.set_value();
  };
  {
    using meant = es::allow<es::terminate_skipped_on_stop>;
    es::system<es::supervisor<es::child<throws_after_the_kill, es::brutal_kill, meant>>> sys{
        es::with(&working, go.get_future().share(), &terminated), how};
    sys.cast<throws_after_the_kill>(throws_after_the_kill::work{});
    working.get_future().wait();
  }
  CHECK(terminated == 0);
}

// --- es::run, in a process of its own

struct ends_by_itself {
  void init(es::context<ends_by_itself>& self) { self.cast<ends_by_itself>(done{}); }
  struct done {};
  void handle(done, es::context<ends_by_itself>& self) { self.stop(); }
};
struct tells_it_is_up {
  using needs = es::environment<int>;
  void init(es::context<tells_it_is_up>& self) {
    [[maybe_unused]] const auto written = write(self.environment<int>(), "x", 1);
  }
};

struct stuck {
  using needs = es::environment<int>;
  struct up {};  // from here on a stop runs `terminate`
  explicit stuck(es::context<stuck>& self) : out(self.environment<int>()) { self.cast<stuck>(up{}); }
  void handle(up) { say(); }
  void terminate(es::exit_reason const&) {
    say();  // the first signal has been taken
    for (;;) pause();
  }
  void say() const { [[maybe_unused]] const auto n = write(out, "x", 1); }
  int out;
};

TEST_CASE(
    "run prints the chain of reasons when the root gave up, and which child did not start (SEMANTICS 20)") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, ends_by_itself> {};
  struct outer : es::supervisor<es::intensity<0, 5_s>, inner> {};
  CHECK(
      said_by([] { return es::run<outer>(quiet()); }) ==
      "espalier: shutdown: outer gave up on outer/inner: more than 0 restarts within 5 s; because shutdown: "
      "outer/inner gave up on outer/inner/ends_by_itself: more than 0 restarts within 5 s; because normal\n");
  struct bad : es::supervisor<broken> {};
  CHECK(said_by([] { return es::run<bad>(quiet()); }) ==
        "espalier: bad/broken did not start: crashed: std::runtime_error: no disk\n");
  using clean =
      es::supervisor<es::auto_shutdown_any, es::child<ends_by_itself, es::transient, es::significant>>;
  CHECK(said_by([] { return es::run<clean>(quiet()); }) == "");
}

TEST_CASE(
    "run answers 0 after auto_shutdown, 1 when the root gave up, 2 when the start failed (SEMANTICS 20)") {
  CHECK(exit_code_of([](int) {
          return es::run<es::supervisor<es::auto_shutdown_any,
                                        es::child<ends_by_itself, es::transient, es::significant>>>(quiet());
        }) == 0);
  CHECK(exit_code_of([](int) {
          return es::run<es::supervisor<es::intensity<3, 5_s>, ends_by_itself>>(quiet());
        }) == 1);
  CHECK(exit_code_of([](int) { return es::run<es::supervisor<broken>>(quiet()); }) == 2);
}

TEST_CASE("SIGINT and SIGTERM stop a program in order, with exit code 0 (SEMANTICS 20)") {
  for (int signal : {SIGINT, SIGTERM}) {
    CHECK(
        exit_code_of([](int out) { return es::run<es::supervisor<tells_it_is_up>>(es::with(out), quiet()); },
                     {signal}) == 0);
  }
}

struct never_ready {
  using needs = es::environment<int>;
  es::task<void> init(es::context<never_ready>& self) {
    [[maybe_unused]] const auto written = write(self.environment<int>(), "x", 1);
    co_await self.sleep(es::infinity);
  }
};

TEST_CASE("a signal overtakes a start that never ends (SEMANTICS 19, 20)") {
  CHECK(exit_code_of([](int out) { return es::run<es::supervisor<never_ready>>(es::with(out), quiet()); },
                     {SIGTERM}) == 0);
}

TEST_CASE("a second signal leaves at once with 128 and its number (SEMANTICS 20)") {
  CHECK(exit_code_of([](int out) { return es::run<es::supervisor<stuck>>(es::with(out), quiet()); },
                     {SIGINT, SIGTERM}) == 128 + SIGTERM);
}

}  // namespace
