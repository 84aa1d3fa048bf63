// What other implementations of supervision got wrong (reference D.12), each as a test.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};

/// Counts who is alive, from the constructor to the end of the destructor.
struct exclusive {
  using needs = es::environment<int*>;
  explicit exclusive(es::context<exclusive>& self) : alive(*self.environment<int*>()) {
    if (++alive != 1) std::abort();
  }
  exclusive(exclusive const&) = delete;
  exclusive& operator=(exclusive const&) = delete;
  ~exclusive() { --alive; }
  es::task<void> terminate(es::exit_reason const&, es::context<exclusive>& self) { co_await self.sleep(2_s); }
  struct crash {};
  void handle(crash) { throw 1; }
  int& alive;
};

TEST_CASE("the next constructor waits for the last terminate and the last destructor (promise 2)") {
  struct tree : es::supervisor<es::one_for_all, es::intensity<9, 60_s>, exclusive, a> {};
  int alive = 0;
  es::simulation<tree> sim{es::with(&alive)};
  sim.cast<exclusive>(exclusive::crash{});
  sim.run_for(1_s);
  CHECK(sim.trace() == es::trace{});  // it still terminates
  sim.cast<a>(a::crash{});            // and its sibling's restart waits for it too
  sim.run_for(20_s);
  CHECK(alive == 1);
  sim.stop();
  CHECK(alive == 0);
}

TEST_CASE("a death is told past a full mailbox (promise 5)") {
  struct watcher {
    using calls = es::processes<a>;
    struct watch {};
    struct told {
      using reply = int;
    };
    void handle(watch, es::context<watcher>& self) { self.monitor<a>(); }
    void handle(es::down<a>) { ++n; }
    int handle(told) { return n; }
    int n = 0;
  };
  struct tree : es::supervisor<a, es::child<watcher, es::mailbox<1, es::overflow::drop_newest>>> {};
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.slow<watcher>(1_s);
  for (int i = 0; i != 5; ++i) sim.cast<watcher>(watcher::watch{});
  sim.cast<a>(a::crash{});
  sim.run_for(10_s);
  CHECK(sim.call<watcher>(watcher::told{}) >= 1);
  CHECK(sim.trace() == es::trace{}.crashed<a>().started<a>());
}

TEST_CASE("a death notice that a sibling's restart has overtaken means nothing") {
  struct slow_stop : scripted<slow_stop> {
    es::task<void> terminate(es::exit_reason const&, es::context<slow_stop>& self) {
      co_await self.sleep(1_s);
    }
  };
  struct tree : es::supervisor<es::one_for_all, es::intensity<1, 60_s>, a, b, slow_stop> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::crash{});
  sim.crash<b>(es::at{500_ms});  // while its supervisor stops the slow one
  sim.run_for(2_s);
  CHECK(sim.matches(es::trace{}
                        .crashed<a>()
                        .crashed<b>()
                        .stopped<slow_stop>()
                        .started<a>()
                        .started<b>()
                        .started<slow_stop>()));
  CHECK(sim.broken().empty());
}

TEST_CASE("a monitor that is dropped while it fires tells nothing") {
  struct watcher {
    using needs = es::environment<std::string*>;
    using calls = es::processes<a>;
    struct watch {};
    struct wait {};
    struct give_up {};
    void handle(watch, es::context<watcher>& self) { monitor = self.monitor<a>(); }
    es::task<void> handle(wait, es::context<watcher>& self) { co_await self.sleep(1_s); }
    void handle(give_up, es::context<watcher>& self) {
      *self.environment<std::string*>() += self.demonitor(monitor) ? "given up " : "too late ";
    }
    void handle(es::down<a>, es::context<watcher>& self) { *self.environment<std::string*>() += "down "; }
    es::monitor_id monitor;
  };
  struct tree : es::supervisor<es::intensity<9, 60_s>, a, es::child<watcher, es::drain>> {};
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::wait{});
  SUBCASE("its notice waits in the mailbox") {
    sim.cast<watcher>(watcher::give_up{});
    sim.cast<a>(a::crash{});
    sim.run_for(2_s);
    CHECK(log == "given up ");
  }
  SUBCASE("and its owner is being stopped, and drains") {
    sim.cast<watcher>(watcher::give_up{});
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
    CHECK(sim.terminate_child<watcher>() == es::child_result::ok);
    CHECK(log == "given up ");
  }
  SUBCASE("and it is too late once that has been handled") {
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
    sim.cast<watcher>(watcher::give_up{});
    sim.run_for(2_s);
    CHECK(log == "down too late ");
  }
  CHECK(sim.broken().empty());
}

TEST_CASE("the budget is one for all children, and exceeding it ends the supervisor") {
  struct tree : es::supervisor<es::intensity<2, 5_s>, a, b> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(!sim.ended());
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.gave_up());
  CHECK(sim.contains(es::trace{}.gave_up<tree>().stopped<b>().stopped<tree>()));
}

TEST_CASE("a restart exactly at the edge of the window counts, and one later does not (SEMANTICS 21)") {
  struct tree : es::supervisor<es::intensity<1, 5_s>, a> {};
  for (es::duration gap : {5_s, 5_s + 1_ns}) {
    es::simulation<tree> sim;
    sim.cast<a>(a::crash{});
    sim.run_for(gap);
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
    CHECK(sim.gave_up() == (gap == 5_s));
  }
}

/// Throws what is no exception, wherever it is told to.
struct thrower {
  enum class where { nowhere, constructor, init, terminate, timer };
  using needs = es::environment<where*>;
  explicit thrower(es::context<thrower>& s) : self(s) { now(where::constructor); }
  void init() {
    now(where::init);
    self.send_after(1_s, tick{});
  }
  void terminate(es::exit_reason const&) { now(where::terminate); }
  struct tick {};
  struct finish {};
  void handle(tick) { now(where::timer); }
  void handle(finish) { self.stop(); }

  void now(where here) {
    where& told = *self.environment<where*>();
    if (told != here) return;
    told = where::nowhere;
    throw here;
  }
  es::context<thrower>& self;
};

TEST_CASE("anything thrown anywhere is contained, also what is no std::exception (promise 6)") {
  struct tree : es::supervisor<es::intensity<3, 5_s>, thrower> {};
  using where = thrower::where;
  for (where w : {where::constructor, where::init, where::terminate, where::timer}) {
    where told = where::nowhere;
    es::simulation<tree> sim{es::with(&told)};
    told = w;
    if (w != where::timer) sim.cast<thrower>(thrower::finish{});
    sim.run_for(2_s);
    CHECK(told == where::nowhere);
    CHECK(!sim.ended());
    CHECK(sim.trace().steps().back() == es::trace{}.started<thrower>().steps().back());
    CHECK(sim.reports().back().find("thrower::where") != std::string::npos);
    CHECK(sim.broken().empty());
  }
}

/// Calls the sibling before it, for ever.
struct caller : scripted<caller> {
  using scripted::handle;
  using calls = es::processes<a>;
  struct go {};
  struct administrate {
    using reply = std::string;
  };
  es::task<void> handle(go, es::context<caller>& self) {
    for (;;) static_cast<void>(co_await self.try_call<a, a::nap>(1_s));
  }
  es::task<std::string> handle(administrate, es::context<caller>& self) {
    co_return std::string(word(co_await self.terminate_child<a>()));
  }
};
struct pair : es::supervisor<a, caller> {};

TEST_CASE("a parent stops a child that is calling, at once, and one that asks the parent is refused") {
  es::simulation<pair> sim;
  CHECK(sim.call<caller>(caller::administrate{}) == "below");  // and not a deadlock
  sim.cast<caller>(caller::go{});
  sim.run_for(500_ms);
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 500_ms);
}

TEST_CASE(
    "a request that is outstanding when its callee dies is answered, queued or being handled (promise 3)") {
  es::simulation<pair> sim;
  sim.cast<a>(a::nap{10_s});
  sim.run_until_idle();
  sim.crash<a>(es::at{1_s});
  CHECK(sim.try_call<a>(a::ping{}).reason() == es::reason::crashed);  // queued
  sim.crash<a>(es::at{2_s});
  CHECK(sim.try_call<a>(a::nap{10_s}).reason() == es::reason::crashed);  // being handled
  CHECK(sim.elapsed() == 2_s);
}

TEST_CASE("a supervisor that is stopped in the middle of its own strategy ends in order") {
  struct slow_stop : scripted<slow_stop> {
    es::task<void> terminate(es::exit_reason const&, es::context<slow_stop>& self) {
      co_await self.sleep(1_s);
    }
  };
  struct inner : es::supervisor<es::one_for_all, a, slow_stop> {};
  struct outer : es::supervisor<inner, b> {};
  es::simulation<outer> sim;
  sim.cast<a>(a::crash{});
  sim.run_for(500_ms);  // slow_stop is being stopped for the restart
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 1_s);
  CHECK(sim.matches(
      es::trace{}.crashed<a>().stopped<b>().stopped<slow_stop>().stopped<inner>().stopped<outer>()));
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a stop while a back-off is pending does not wait for it (SEMANTICS 22)") {
  struct tree : es::supervisor<es::intensity<5, 60_s>, es::child<a, es::backoff<1_h, 1_h>>> {};
  es::simulation<tree> sim;
  for (int i = 0; i != 2; ++i) {
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
  }
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 0_s);
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a start that fails names the child and the cause") {
  struct broken : scripted<broken> {
    broken() { throw std::runtime_error("no disk"); }
  };
  struct inner : es::supervisor<a, broken> {};
  struct outer : es::supervisor<b, inner> {};
  try {
    es::simulation<outer> sim;
    FAIL("started");
  } catch (es::start_failed const& failed) {
    CHECK(failed.child() == "outer/inner/broken");
    CHECK(failed.reason().text() == "std::runtime_error: no disk");
  }
}

/// Blocks its worker until it is let go.
struct blocking {
  using needs = es::environment<std::shared_future<void>, std::promise<void>*>;
  struct block {};
  void handle(block, es::context<blocking>& self) {
    self.environment<std::promise<void>*>()->set_value();
    self.environment<std::shared_future<void>>().wait();
  }
};

TEST_CASE("late answers come to a process with a bounded mailbox while others fill that") {
  struct oracle {
    struct question {
      using reply = int;
    };
    es::task<int> handle(question, es::context<oracle>& self) {
      co_await self.sleep(60_us);
      co_return 1;
    }
  };
  struct asker {
    using calls = es::processes<oracle>;
    using needs = es::environment<std::promise<int>*>;
    struct noise {};
    struct ask {};
    // What a process sends itself is not dropped.
    void init(es::context<asker>& self) { self.cast<asker>(ask{}); }
    void handle(noise) {}
    es::task<void> handle(ask, es::context<asker>& self) {
      int too_late = 0;
      for (int i = 0; i != 2'000; ++i) {
        const auto answer = co_await self.try_call_for<oracle, oracle::question>(50_us);
        too_late += !answer;
      }
      self.environment<std::promise<int>*>()->set_value(too_late);
    }
  };
  struct tree : es::supervisor<oracle, es::child<asker, es::mailbox<4, es::overflow::drop_oldest>>> {};
  std::promise<int> done;
  std::future<int> too_late = done.get_future();
  es::system<tree> sys(es::with(&done));
  std::atomic<bool> is_over{false};
  std::thread crowd([&] {
    while (!is_over) sys.cast<asker>(asker::noise{});
  });
  CHECK(too_late.get() > 0);
  is_over = true;
  crowd.join();
}

TEST_CASE("a worker that blocks leaves its work to the others") {
  struct tree : es::supervisor<blocking, a, b> {};
  std::promise<void> let_go;
  std::promise<void> blocked;
  es::settings how;
  how.workers = 2;
  how.on_report = nullptr;
  es::system<tree> sys(es::with(let_go.get_future().share(), &blocked), how);
  sys.cast<blocking>(blocking::block{});
  blocked.get_future().wait();
  for (int i = 0; i != 100; ++i) {
    CHECK(sys.call<a>(a::ping{}) == 1);
    CHECK(sys.call<b>(b::ping{}) == 1);
  }
  let_go.set_value();
}

}  // namespace
