// SEMANTICS 2 to 4: which incarnation a message belongs to, the gap between two of them, and parked
// processes. Under the strategies that restart more than what crashed; tests/system/gap.cpp has one_for_one.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

using log_of_test = es::environment<std::string*>;

/// Takes a second to start, except the first time.
struct slow : scripted<slow> {
  es::task<void> init(es::context<slow>& self) {
    if (self.incarnation() > 1) co_await self.sleep(1_s);
  }
};
struct trigger : scripted<trigger> {};

/// Writes down what it is sent, with its incarnation; the log outlives it.
struct writer : scripted<writer> {
  using scripted::handle;
  using needs = log_of_test;
  struct note {
    char what;
  };
  void handle(note m, es::context<writer>& self) {
    *self.environment<std::string*>() += std::to_string(self.incarnation()) + m.what + ' ';
  }
};

template <class T>
void send(es::simulation<T>& sim, std::string_view notes) {
  for (char c : notes) sim.template cast<writer>(writer::note{c});
}

template <class Strategy, class... Children>
struct group : es::supervisor<Strategy, es::intensity<9, 60_s>, Children...> {};

// --- 2

/// Sends itself a note as the last thing it does.
struct lingering : scripted<lingering> {
  using scripted::handle;
  using needs = log_of_test;
  explicit lingering(es::context<lingering>& s) : self(s) {}
  lingering(lingering const&) = delete;
  ~lingering() { self.cast<lingering, note>('d'); }
  es::task<void> terminate(es::exit_reason const&) { co_await self.sleep(1_s); }
  struct note {
    char what;
  };
  void handle(note m) {
    *self.environment<std::string*>() += std::to_string(self.incarnation()) + m.what + ' ';
  }
  es::context<lingering>& self;
};

TEST_CASE(
    "what is sent until the old object is destroyed is lost with it, and its callers told (SEMANTICS 2)") {
  std::string log;
  es::simulation<es::supervisor<lingering>> sim{es::with(&log)};
  sim.cast<lingering>(lingering::crash{});
  sim.run_until_idle();  // it terminates, for a second
  sim.cast<lingering>(lingering::note{'t'});
  CHECK(sim.try_call<lingering>(lingering::ping{}).reason() == es::reason::crashed);
  CHECK(sim.elapsed() == 1_s);
  sim.cast<lingering>(lingering::note{'n'});
  CHECK(sim.call<lingering>(lingering::ping{}) == 2);
  CHECK(log == "2n ");
  CHECK(sim.matches(es::trace{}.crashed<lingering>().started<lingering>()));
  CHECK(sim.broken().empty());
}

// --- 3

/// Sends something to what starts after it.
struct first {
  using casts = es::processes<writer>;
  void init(es::context<first>& self) { self.cast<writer, writer::note>('a'); }
};

TEST_CASE_TEMPLATE("what is sent before the first start waits for it (SEMANTICS 3)", strategy,
                   es::one_for_one, es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, first, slow, writer>> sim(es::not_started, es::with(&log));
  send(sim, "b");
  sim.start();
  CHECK(sim.template call<writer>(writer::ping{}) == 1);
  CHECK(log == "1b 1a ");
}

TEST_CASE_TEMPLATE("what is sent during a sibling's restart waits for the next incarnation (SEMANTICS 3)",
                   strategy, es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, slow, writer>> sim{es::with(&log)};
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();  // the writer has been stopped, and slow takes a second
  send(sim, "ab");
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.template call<writer>(writer::ping{}) == 2);
  CHECK(sim.elapsed() == 1_s);
  CHECK(log == "2a 2b ");
  CHECK(sim.matches(es::trace{}.crashed<slow>().stopped<writer>().started<slow>().started<writer>()));
  CHECK(sim.broken().empty());
}

TEST_CASE_TEMPLATE("what is sent during a back-off waits for the next incarnation (SEMANTICS 3, 22)",
                   strategy, es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, es::child<trigger, es::backoff<4_s, 4_s>>, writer>> sim{es::with(&log)};
  for (int i = 0; i != 2; ++i) {
    sim.template cast<trigger>(trigger::crash{});
    sim.run_until_idle();
  }
  send(sim, "ab");
  CHECK(sim.template call<trigger>(trigger::ping{}) == 3);
  CHECK(sim.elapsed() >= 3_s);  // a quarter may be jitter
  CHECK(sim.elapsed() <= 4_s);
  CHECK(sim.template call<writer>(writer::ping{}) == 3);
  CHECK(log == "3a 3b ");
  CHECK(sim.broken().empty());
}

TEST_CASE_TEMPLATE("what is sent in a gap waits on when a restart fails (SEMANTICS 3)", strategy,
                   es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, slow, writer>> sim{es::with(&log)};
  sim.template crash<writer>(es::in_constructor{1});
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();
  send(sim, "ab");
  CHECK(sim.template call<writer>(writer::ping{}) == 3);
  CHECK(log == "3a 3b ");
  CHECK(sim.contains(
      es::trace{}.crashed<slow>().stopped<writer>().started<slow>().restarting<writer>().started<writer>()));
  CHECK(sim.broken().empty());
}

/// Asks the slow one, wherever it is told to.
struct asker : scripted<asker> {
  using scripted::handle;
  using needs = log_of_test;
  using calls = es::processes<slow>;
  struct ask {};
  struct stop_and_ask {};
  es::task<void> init(es::context<asker>& self) {
    if (self.incarnation() > 1) co_await ask_slow(self, "init: ");
  }
  es::task<void> terminate(es::exit_reason const&, es::context<asker>& self) {
    co_await ask_slow(self, "terminate: ");
  }
  es::task<void> handle(ask, es::context<asker>& self) { co_await ask_slow(self, "handle: "); }
  es::task<void> handle(stop_and_ask, es::context<asker>& self) {
    self.stop();
    co_await ask_slow(self, "stopping: ");
  }
  es::task<void> ask_slow(es::context<asker>& self, char const* where) {
    auto answer = co_await self.try_call<slow, slow::ping>();
    *self.environment<std::string*>() +=
        where + (answer ? std::to_string(*answer) : answer.reason().to_string()) + '\n';
  }
};

TEST_CASE_TEMPLATE("a call from terminate never waits in a gap, so the restart goes on (SEMANTICS 3)",
                   strategy, es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, slow, asker>> sim{es::with(&log)};
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();
  CHECK(log == "terminate: noproc\n");  // at once
  sim.run_for(1_s);
  CHECK(log == "terminate: noproc\ninit: 2\n");
  CHECK(sim.matches(es::trace{}.crashed<slow>().stopped<asker>().started<slow>().started<asker>()));
}

template <class Strategy, class... Options>
struct beside : es::supervisor<es::intensity<9, 60_s>, es::supervisor<slow>,
                               group<Strategy, trigger, es::child<asker, Options...>>> {};

TEST_CASE_TEMPLATE("a call from init never waits in a gap of another supervisor's (SEMANTICS 3)", strategy,
                   es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<beside<strategy>> sim{es::with(&log)};
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();
  sim.template cast<trigger>(trigger::crash{});
  sim.run_until_idle();
  CHECK(log == "terminate: noproc\ninit: noproc\n");
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.contains(es::trace{}.crashed<trigger>().stopped<asker>().started<trigger>().started<asker>()));
}

TEST_CASE_TEMPLATE("a call by a process that is being stopped never waits in a gap (SEMANTICS 3)", strategy,
                   es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<beside<strategy, es::drain>> sim{es::with(&log)};
  sim.template cast<asker>(asker::nap{500_ms});
  sim.run_until_idle();
  sim.template cast<asker>(asker::ask{});
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();
  SUBCASE("by its supervisor, while it drains") {
    sim.template cast<trigger>(trigger::crash{});
    sim.run_for(500_ms);
    CHECK(log == "handle: noproc\nterminate: noproc\ninit: noproc\n");
  }
  SUBCASE("by itself") {
    sim.template cast<asker>(asker::stop_and_ask{});
    sim.run_for(1_s);  // the first one waits for the slow one, as it may
    CHECK(log == "handle: 2\nstopping: 2\nterminate: 2\ninit: 2\n");
    log.clear();
    sim.template cast<slow>(slow::crash{});
    sim.run_until_idle();
    sim.template cast<asker>(asker::stop_and_ask{});
    sim.run_until_idle();
    CHECK(log == "stopping: noproc\nterminate: noproc\ninit: noproc\n");
  }
  CHECK(sim.broken().empty());
}

TEST_CASE_TEMPLATE("a call that waits in a gap does not hold up the stop of its caller (SEMANTICS 3, 13)",
                   strategy, es::one_for_all, es::rest_for_one) {
  std::string log;
  es::simulation<beside<strategy>> sim{es::with(&log)};
  sim.template cast<slow>(slow::crash{});
  sim.run_until_idle();
  sim.template cast<asker>(asker::ask{});
  sim.run_until_idle();
  CHECK(log == "");
  sim.template cast<trigger>(trigger::crash{});
  sim.run_until_idle();
  CHECK(log == "terminate: noproc\ninit: noproc\n");
  sim.run_for(5_s);  // and what it asked for is answered to nobody
  CHECK(log == "terminate: noproc\ninit: noproc\n");
  CHECK(sim.broken().empty());
}

// --- 4

/// Declines its first start.
constexpr auto later = [](es::context<writer>& self) -> std::optional<writer> {
  if (self.incarnation() == 1) return {};
  return writer{};
};

TEST_CASE_TEMPLATE(
    "a parked process refuses calls and loses casts, until a sibling's restart revives it (SEMANTICS 4)",
    strategy, es::one_for_all, es::rest_for_one) {
  std::string log;
  auto is_parked_and_revived = [&](auto& sim) {
    sim.run_until_idle();
    send(sim, "xy");
    CHECK(sim.template try_call<writer>(writer::ping{}).reason() == es::reason::noproc);
    CHECK(sim.elapsed() == 0_s);
    sim.template cast<trigger>(trigger::crash{});
    sim.run_until_idle();
    send(sim, "z");
    CHECK(sim.template call<writer>(writer::ping{}) == 2);
    CHECK(log == "2z ");
    CHECK(sim.contains(es::trace{}.crashed<trigger>().started<trigger>().started<writer>()));
    CHECK(sim.broken().empty());
  };
  SUBCASE("ended cleanly, and not to be restarted") {
    es::simulation<group<strategy, trigger, es::child<writer, es::transient>>> sim{es::with(&log)};
    sim.template cast<writer>(writer::finish{});
    is_parked_and_revived(sim);
  }
  SUBCASE("stopped through the API") {
    es::simulation<group<strategy, trigger, writer>> sim{es::with(&log)};
    CHECK(sim.template terminate_child<writer>() == es::child_result::ok);
    is_parked_and_revived(sim);
  }
  SUBCASE("its start function declined") {
    es::simulation<group<strategy, trigger, es::child<writer, es::start<later>>>> sim{es::with(&log)};
    is_parked_and_revived(sim);
  }
}

struct inner : es::supervisor<es::child<writer, es::transient>> {};

TEST_CASE_TEMPLATE("a parked process comes back with its supervisor (SEMANTICS 4)", strategy, es::one_for_all,
                   es::rest_for_one) {
  std::string log;
  es::simulation<group<strategy, trigger, inner>> sim{es::with(&log)};
  sim.template cast<writer>(writer::finish{});
  sim.run_until_idle();
  CHECK(sim.template try_call<writer>(writer::ping{}).reason() == es::reason::noproc);
  sim.template cast<trigger>(trigger::crash{});
  sim.run_until_idle();
  send(sim, "z");
  CHECK(sim.template call<writer>(writer::ping{}) == 2);
  CHECK(log == "2z ");
  CHECK(sim.matches(es::trace{}
                        .ended<writer>(es::reason::normal)
                        .crashed<trigger>()
                        .stopped<inner>()
                        .started<trigger>()
                        .started<writer>()
                        .started<inner>()));
}

}  // namespace
