#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

std::vector<std::string> log;

struct a : scripted<a> {};
struct b : scripted<b> {};

/// Says what becomes of it.
struct witness : scripted<witness> {
  using scripted::handle;
  struct wait {
    using reply = int;
  };
  es::task<int> handle(wait, es::context<witness>& self) {
    struct guard {
      ~guard() { log.push_back("frame destroyed"); }
    } g;
    co_await self.sleep(es::infinity);
    co_return 0;
  }
  struct throw_in_terminate {};
  void handle(throw_in_terminate) { throws = true; }

  void terminate(es::exit_reason const& why) {
    log.push_back("terminate: " + why.to_string());
    if (throws) throw std::runtime_error("in terminate");
  }
  ~witness() { log.push_back("destroyed"); }
  witness() = default;
  witness(witness const&) = delete;
  bool throws = false;
};

TEST_CASE("a stop destroys a suspended frame, then runs terminate, then the destructor (SEMANTICS 13)") {
  log.clear();
  es::simulation<es::supervisor<witness>> sim;
  sim.cast<witness>(witness::wait{});
  sim.run_until_idle();
  sim.stop();
  CHECK(log == std::vector<std::string>{"frame destroyed", "terminate: shutdown", "destroyed"});
}

TEST_CASE("a stop overtakes queued messages (SEMANTICS 13)") {
  es::simulation<es::supervisor<witness, a>> sim;
  sim.cast<witness>(witness::nap{1_s});
  sim.cast<witness>(witness::crash{});
  sim.stop();
  CHECK(sim.matches(es::trace{}.stopped<a>().stopped<witness>().stopped<es::supervisor<witness, a>>()));
}

TEST_CASE(
    "terminate runs after a throw and after self.stop, and not after a start that failed (SEMANTICS 14)") {
  log.clear();
  es::simulation<es::supervisor<es::intensity<9, 5_s>, witness>> sim;
  sim.cast<witness>(witness::crash{});
  sim.run_until_idle();
  CHECK(log == std::vector<std::string>{"terminate: crashed: std::runtime_error: told to", "destroyed"});
  log.clear();
  sim.cast<witness>(witness::finish{es::reason::shutdown});
  sim.crash<witness>(es::in_init{1});
  sim.run_until_idle();
  CHECK(log == std::vector<std::string>{"terminate: shutdown", "destroyed", "destroyed"});
}

TEST_CASE("brutal_kill skips terminate (SEMANTICS 15)") {
  log.clear();
  {
    using meant = es::allow<es::terminate_skipped_on_stop>;
    es::simulation<es::supervisor<es::child<witness, es::brutal_kill, meant>>> sim;
    sim.cast<witness>(witness::wait{});
    sim.run_until_idle();
    sim.stop();
    CHECK(sim.reports().empty());  // killed, as ordered
  }
  CHECK(log == std::vector<std::string>{"frame destroyed", "destroyed"});
}

TEST_CASE("what leaves terminate is contained and reported, and the stop goes on (promise 6)") {
  es::simulation<es::supervisor<a, witness, b>> sim;
  sim.cast<witness>(witness::throw_in_terminate{});
  sim.run_until_idle();
  sim.stop();
  CHECK(sim.matches(
      es::trace{}.stopped<b>().crashed<witness>().stopped<a>().stopped<es::supervisor<a, witness, b>>()));
  REQUIRE(sim.reports().size() == 1);
  CHECK(sim.reports()[0].starts_with("espalier: shutdown_error\n"));
}

struct slow_to_go {
  es::task<void> terminate(es::exit_reason const&, es::context<slow_to_go>& self) {
    co_await self.sleep(3_s);
    log.push_back("gone properly");
  }
};

TEST_CASE("terminate may suspend within the limit (SEMANTICS 13)") {
  log.clear();
  es::simulation<es::supervisor<es::child<slow_to_go, es::shutdown<4_s>>>> sim;
  sim.stop();
  CHECK(log == std::vector<std::string>{"gone properly"});
  CHECK(sim.elapsed() == 3_s);
  CHECK(sim.reports().empty());
}

TEST_CASE("a limit that expires ends a suspended process, and that is reported (SEMANTICS 13, 17)") {
  log.clear();
  es::simulation<es::supervisor<es::child<slow_to_go, es::shutdown<2_s>>>> sim;
  sim.stop();
  CHECK(log.empty());
  CHECK(sim.elapsed() == 2_s);
  REQUIRE(sim.reports().size() == 1);
  CHECK(sim.reports()[0].find("reason      killed") != std::string::npos);
}

TEST_CASE("each child has its own limit, one after the other in reverse order") {
  struct one : es::name_for<slow_to_go> {};
  struct two : es::name_for<slow_to_go> {};
  es::simulation<es::supervisor<es::child<one, es::shutdown<1_s>>, es::child<two, es::shutdown<2_s>>>> sim;
  sim.stop();
  CHECK(sim.elapsed() == 3_s);
}

struct never_ready {
  es::task<void> init(es::context<never_ready>& self) { co_await self.sleep(es::infinity); }
};
struct ready_once {
  es::task<void> init(es::context<ready_once>& self) {
    if (self.incarnation() > 1) co_await self.sleep(es::infinity);
  }
  struct crash {};
  void handle(crash) { throw 1; }
};

TEST_CASE("a stop overtakes a start under way (SEMANTICS 19)") {
  es::simulation<es::supervisor<a, ready_once>> sim;
  sim.cast<ready_once>(ready_once::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<ready_once>()));  // starting, for ever
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 0_s);
}

/// Calls another process in its terminate.
struct caller_at_the_end {
  using calls = es::processes<a>;
  es::task<void> terminate(es::exit_reason const&, es::context<caller_at_the_end>& self) {
    auto answer = co_await self.try_call<a, a::ping>();
    log.push_back(answer ? "answered" : answer.reason().to_string());
  }
};

TEST_CASE("terminate can still call what started before it (SEMANTICS 14)") {
  log.clear();
  es::simulation<es::supervisor<a, caller_at_the_end>> sim;
  sim.stop();
  CHECK(log == std::vector<std::string>{"answered"});
}

TEST_CASE("a process that ends itself loses its queue (SEMANTICS 5)") {
  es::simulation<es::supervisor<a>> sim;
  sim.cast<a>(a::finish{});
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.ended<a>(es::reason::normal).started<a>()));
}

TEST_CASE("a stopped system answers calls with noproc, and drops casts (SEMANTICS 4)") {
  es::simulation<es::supervisor<a>> sim;
  sim.stop();
  sim.cast<a>(a::crash{});
  try {
    sim.call<a>(a::ping{});
    FAIL("answered");
  } catch (es::call_failed const& failed) {
    CHECK(failed.reason() == es::reason::noproc);
  }
}

TEST_CASE("a stop during a restart starts nothing more (SEMANTICS 19)") {
  struct tree : es::supervisor<es::one_for_all, a, ready_once, b> {};
  es::simulation<tree> sim;
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  sim.stop();
  CHECK(sim.matches(
      es::trace{}.crashed<a>().stopped<b>().stopped<ready_once>().started<a>().stopped<a>().stopped<tree>()));
}

struct declines_later {
  declines_later() = default;
  static std::optional<declines_later> make(es::context<declines_later>& self) {
    if (self.incarnation() == 1) return declines_later{};
    return {};
  }
  es::task<void> terminate(es::exit_reason const&) { co_return; }
};

TEST_CASE("the limit of one stop never ends the next child") {
  // The start that the stop overtakes ends by declining; the child stopped after it takes longer than that
  // one's limit.
  struct patient {
    es::task<void> terminate(es::exit_reason const&, es::context<patient>& self) {
      co_await self.sleep(10_s);
      log.push_back("patient gone properly");
    }
  };
  for (std::uint64_t s = 0; s != 20; ++s) {
    log.clear();
    es::simulation<
        es::supervisor<es::one_for_all, es::intensity<9, 5_s>, es::child<patient, es::shutdown<es::infinity>>,
                       es::child<declines_later, es::start<&declines_later::make>, es::shutdown<500_ms>>, a>>
        sim{es::seed{s}};
    sim.cast<a>(a::crash{});
    sim.run_for(10_s);
    log.clear();
    sim.stop();
    CHECK(log == std::vector<std::string>{"patient gone properly"});
    CHECK(sim.reports().size() == 1);
  }
}

struct last_words {
  struct ping {
    using reply = int;
  };
  int handle(ping) { return 1; }
  struct wait {};
  es::task<void> handle(wait, es::context<last_words>& self) { co_await self.sleep(1_s); }
  void terminate(es::exit_reason const&) { throw std::runtime_error("in terminate"); }
};

TEST_CASE("a report names the message only if the process was handling it") {
  es::simulation<es::supervisor<last_words>> sim;
  sim.call<last_words>(last_words::ping{});
  sim.stop();
  REQUIRE(sim.reports().size() == 1);
  CHECK(sim.reports()[0].find("in terminate") != std::string::npos);
  CHECK(sim.reports()[0].find("message") == std::string::npos);
}

TEST_CASE("a report does not name a message whose handler was stopped before the crash") {
  es::simulation<es::supervisor<last_words>> sim;
  sim.cast<last_words>(last_words::wait{});
  sim.run_for(1_ms);
  sim.stop();
  REQUIRE(sim.reports().size() == 1);
  CHECK(sim.reports()[0].find("in terminate") != std::string::npos);
  CHECK(sim.reports()[0].find("message") == std::string::npos);
}

/// Is not up again before its third life.
struct ready_late : scripted<ready_late> {
  using scripted::handle;
  struct note {};
  es::task<void> init(es::context<ready_late>& self) {
    if (self.incarnation() == 2) co_await self.sleep(es::infinity);
  }
  void handle(note, es::context<ready_late>& self) {
    log.push_back("note in life " + std::to_string(self.incarnation()));
  }
};

TEST_CASE("a stop that meets a start leaves the waiting mail for the next life (SEMANTICS 3, 19)") {
  struct inner : es::supervisor<ready_late> {};
  struct outer : es::supervisor<es::one_for_all, inner, a> {};
  for (std::uint64_t s = 0; s != 50; ++s) {
    log.clear();
    es::simulation<outer> sim{es::seed{s}};
    sim.cast<ready_late>(ready_late::crash{});
    sim.run_until([&] { return sim.trace() == es::trace{}.crashed<ready_late>(); });
    if (s % 2 == 0) sim.run_until_idle();  // else its next start may not have begun
    sim.cast<ready_late>(ready_late::note{});
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
    CHECK(log == std::vector<std::string>{"note in life 3"});
    CHECK(sim.broken().empty());
  }
}

}  // namespace
