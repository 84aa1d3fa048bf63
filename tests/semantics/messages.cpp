// SEMANTICS 1 and 5 to 7: one message at a time, what becomes of a queue, and calls.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

using log_of_test = es::environment<std::string*>;

/// Answers after a while, and takes a second to start, except the first time.
struct worker : scripted<worker> {
  using scripted::handle;
  using needs = log_of_test;
  struct echo {
    int what;
    es::duration after;
    using reply = int;
  };
  es::task<void> init(es::context<worker>& self) {
    if (self.incarnation() > 1) co_await self.sleep(1_s);
  }
  es::task<int> handle(echo m, es::context<worker>& self) {
    co_await self.sleep(m.after);
    *self.environment<std::string*>() += "did " + std::to_string(m.what) + '\n';
    co_return m.what;
  }
};

/// Asks the worker, and ends it.
struct asker : scripted<asker> {
  using scripted::handle;
  using needs = log_of_test;
  using calls = es::processes<worker>;
  struct ask {
    int what;
    es::duration after;
    es::duration limit;
  };
  struct ask_by_default {
    es::duration after;
  };
  struct end {
    es::reason why;
  };
  es::task<void> handle(ask m, es::context<asker>& self) {
    auto answer = co_await self.try_call_for<worker, worker::echo>(m.limit, m.what, m.after);
    got(self, answer);
  }
  es::task<void> handle(ask_by_default m, es::context<asker>& self) {
    auto answer = co_await self.try_call<worker, worker::echo>(0, m.after);
    got(self, answer);
  }
  void handle(end m, es::context<asker>& self) { self.exit<worker>(m.why); }
  void got(es::context<asker>& self, es::answer<int>& answer) {
    *self.environment<std::string*>() +=
        "got " + (answer ? std::to_string(*answer) : answer.reason().to_string()) + '\n';
  }
};
struct tree : es::supervisor<es::intensity<9, 60_s>, worker, asker> {};

// --- 1

TEST_CASE("what ends a process does not wait for its suspended handler, as messages do (SEMANTICS 1)") {
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  sim.cast<worker>(worker::nap{1_h});
  sim.run_until_idle();
  sim.cast<worker>(worker::echo{1, 0_s});
  SUBCASE("an exit signal") {
    sim.cast<asker>(asker::end{es::reason::crashed});
    sim.run_until_idle();
    CHECK(sim.matches(es::trace{}.crashed<worker>()));
  }
  SUBCASE("a kill") {
    sim.cast<asker>(asker::end{es::reason::killed});
    sim.run_until_idle();
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::killed)));
  }
  SUBCASE("a stop") {
    sim.terminate_child<worker>();
    CHECK(sim.matches(es::trace{}.stopped<worker>()));
  }
  CHECK(sim.elapsed() == 0_s);
  CHECK(log == "");
}

TEST_CASE("one process does one thing after the other, and two do two at once (SEMANTICS 1)") {
  struct other : es::name_for<worker> {};
  std::string log;
  es::simulation<es::supervisor<worker, other>> sim{es::with(&log)};
  sim.cast<worker>(worker::echo{1, 2_s});
  sim.cast<worker>(worker::echo{2, 2_s});
  sim.cast<other>(worker::echo{3, 3_s});
  CHECK(sim.call<worker>(worker::ping{}) == 1);
  CHECK(sim.elapsed() == 4_s);
  CHECK(log == "did 1\ndid 3\ndid 2\n");
}

// --- 5

template <class... Options>
struct keeping : es::supervisor<es::child<worker, es::keep_mailbox, Options...>> {};

TEST_CASE("a process that ends itself and is restarted keeps a kept mailbox (SEMANTICS 5)") {
  std::string log;
  es::simulation<keeping<>> sim{es::with(&log)};
  sim.cast<worker>(worker::finish{});
  sim.cast<worker>(worker::echo{1, 0_s});
  CHECK(sim.call<worker>(worker::ping{}) == 2);
  CHECK(log == "did 1\n");
  CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::normal).started<worker>()));
}

TEST_CASE(
    "queued callers of a process that is not restarted are told its reason, kept or not (SEMANTICS 5)") {
  auto told = [](auto sim, es::reason why) {
    sim->template cast<worker>(worker::finish{why});
    return sim->template try_call<worker>(worker::ping{}).reason().kind();
  };
  using transient = es::supervisor<es::child<worker, es::transient>>;
  std::string log;
  for (es::reason why : {es::reason::normal, es::reason::shutdown}) {
    CHECK(told(std::make_unique<es::simulation<transient>>(es::with(&log)), why) == why);
    CHECK(told(std::make_unique<es::simulation<keeping<es::transient>>>(es::with(&log)), why) == why);
  }
  using crashing = keeping<es::temporary>;
  CHECK(told(std::make_unique<es::simulation<crashing>>(es::with(&log)), es::reason::crashed) ==
        es::reason::crashed);
}

TEST_CASE(
    "a kept call that waits for a restart is refused with its reason if there is none after all "
    "(SEMANTICS 4, 5)") {
  std::string log;
  es::simulation<keeping<>> sim{es::with(&log)};
  sim.crash<worker>(es::in_constructor{9});
  sim.cast<worker>(worker::crash{});
  CHECK(sim.try_call<worker>(worker::ping{}).reason() == es::reason::crashed);  // queued before the end
  CHECK(sim.gave_up());
  CHECK(sim.try_call<worker>(worker::ping{}).reason() == es::reason::noproc);
}

// --- 6

/// Watches another process, and traps exits.
struct watcher : scripted<watcher> {
  using scripted::handle;
  using needs = log_of_test;
  using calls = es::processes<worker>;
  struct watch {};
  struct note {
    char what;
  };
  void handle(watch, es::context<watcher>& self) {
    self.trap_exits();
    self.monitor<worker>();
    self.link<worker>();
  }
  void handle(note m, es::context<watcher>& self) { write(self, std::string(1, m.what)); }
  void handle(es::down<worker>, es::context<watcher>& self) { write(self, "down"); }
  void handle(es::exited<worker>, es::context<watcher>& self) { write(self, "exited"); }
  void write(es::context<watcher>& self, std::string const& what) {
    *self.environment<std::string*>() += std::to_string(self.incarnation()) + ' ' + what + '\n';
  }
};

TEST_CASE("a kept mailbox keeps no notices, which were meant for the ended incarnation (SEMANTICS 6)") {
  struct watched : es::supervisor<es::intensity<9, 60_s>, worker, es::child<watcher, es::keep_mailbox>> {};
  std::string log;
  es::simulation<watched> sim{es::with(&log)};
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::nap{1_h});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::note{'a'});
  SUBCASE("and handles them if it lives on") {
    sim.run_for(1_h);
    CHECK(log.find("1 down\n") != std::string::npos);
    CHECK(log.find("1 exited\n") != std::string::npos);
    CHECK(log.find("1 a\n") != std::string::npos);
    CHECK(log.size() == 7 + 9 + 4);
  }
  SUBCASE("but not after a crash") {
    sim.crash<watcher>(es::at{1_s});
    sim.run_for(2_s);
    CHECK(log == "2 a\n");
  }
  CHECK(sim.broken().empty());
}

TEST_CASE("notices find room in a full mailbox, and are never the oldest that is dropped (SEMANTICS 10)") {
  struct watched : es::supervisor<es::intensity<9, 60_s>, worker,
                                  es::child<watcher, es::mailbox<2, es::overflow::drop_oldest>>> {};
  std::string log;
  es::simulation<watched> sim{es::with(&log)};
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::nap{1_s});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();
  for (char c : std::string_view("abcd")) sim.cast<watcher>(watcher::note{c});
  sim.run_for(1_s);
  CHECK(log.find("1 down\n") != std::string::npos);
  CHECK(log.find("1 exited\n") != std::string::npos);
  CHECK(log.ends_with("1 c\n1 d\n"));
  CHECK(log.size() == 7 + 9 + 4 + 4);
}

TEST_CASE("a reply that was meant for the ended incarnation is no reply to the next one (SEMANTICS 6, 7)") {
  struct kept : es::supervisor<es::intensity<9, 60_s>, worker, es::child<asker, es::keep_mailbox>> {};
  std::string log;
  es::simulation<kept> sim{es::with(&log)};
  sim.cast<asker>(asker::ask{1, 2_s, 9_s});
  sim.crash<asker>(es::at{1_s});
  sim.run_for(1_s);
  sim.cast<asker>(asker::ask{2, 2_s, 9_s});
  sim.run_for(9_s);
  CHECK(log == "did 1\ndid 2\ngot 2\n");
  CHECK(sim.matches(es::trace{}.crashed<asker>().started<asker>()));
  CHECK(sim.broken().empty());
}

// --- 7

TEST_CASE("a call ends after 5 s if it does not say otherwise, gap and queue included (SEMANTICS 7)") {
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();  // a gap of one second
  sim.cast<worker>(worker::echo{1, 3_s});
  sim.cast<asker>(asker::ask_by_default{2_s});
  sim.run_for(4_s);
  CHECK(log == "did 1\n");
  sim.run_for(999_ms);
  CHECK(log == "did 1\n");
  sim.run_for(1_ms);
  CHECK(log == "did 1\ngot timeout\n");
  sim.run_for(1_s);
  CHECK(log == "did 1\ngot timeout\ndid 0\n");  // the callee does not know
  CHECK(sim.broken().empty());
}

TEST_CASE("a call from inside may wait for ever (SEMANTICS 7)") {
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  sim.cast<asker>(asker::ask{1, 48_h, es::infinity});
  sim.run_for(48_h);
  CHECK(log == "did 1\ngot 1\n");
}

TEST_CASE("a late reply is dropped, and does not answer the next call (SEMANTICS 7)") {
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  sim.cast<asker>(asker::ask{1, 2_s, 1_s});
  sim.cast<asker>(asker::ask{2, 3_s, 9_s});
  sim.run_for(9_s);
  CHECK(log == "got timeout\ndid 1\ndid 2\ngot 2\n");
  CHECK(sim.broken().empty());
}

TEST_CASE("a caller that dies does not cancel its request, and the reply is dropped (SEMANTICS 7)") {
  std::string log;
  es::simulation<tree> sim{es::with(&log)};
  SUBCASE("being handled") {}
  SUBCASE("queued") { sim.cast<worker>(worker::echo{0, 2_s}); }
  SUBCASE("in a gap") {
    sim.cast<worker>(worker::crash{});
    sim.run_until_idle();
  }
  sim.cast<asker>(asker::ask{1, 2_s, 9_s});
  sim.crash<asker>(es::at{500_ms});
  sim.run_for(9_s);
  CHECK(log.ends_with("did 1\n"));
  CHECK(log.find("got") == std::string::npos);
  CHECK(sim.call<asker>(asker::ping{}) == 2);
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

struct session {
  using args = es::arguments<>;
  struct never {
    using reply = int;
  };
  es::task<int> handle(never, es::context<session>& self) {
    co_await self.sleep(es::infinity);
    co_return 0;
  }
};
struct sessions : es::dynamic<session> {};

/// Starts a session, and asks it in vain.
struct patient {
  using starts = es::processes<sessions>;
  struct ask {
    using reply = std::string;
  };
  struct ask_for_ever {
    using reply = std::string;
  };
  es::task<std::string> handle(ask, es::context<patient>& self) {
    const auto to = co_await self.start_child<sessions>();
    auto answer = co_await self.try_call<session::never>(to);
    co_return answer.reason().to_string();
  }
  es::task<std::string> handle(ask_for_ever, es::context<patient>& self) {
    const auto to = co_await self.start_child<sessions>();
    auto answer = co_await self.try_call_for<session::never>(es::infinity, to);
    co_return answer.reason().to_string();
  }
};

TEST_CASE("a call through a ref always has a limit (SEMANTICS 7)") {
  es::simulation<es::supervisor<sessions, patient>> sim;
  CHECK(sim.call<patient>(patient::ask{}, es::infinity) == "timeout");
  CHECK(sim.elapsed() == 5_s);
  CHECK(sim.try_call<patient>(patient::ask_for_ever{}, es::infinity).reason().to_string() ==
        "crashed: std::invalid_argument: espalier: a call through an es::ref always has a limit");
  const auto to = sim.start_child<sessions>();
  CHECK(sim.try_call(to, session::never{}).reason() == es::reason::timeout);
  CHECK_THROWS_AS(sim.call(to, session::never{}, es::infinity), std::invalid_argument);
}

}  // namespace
