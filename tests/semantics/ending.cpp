// SEMANTICS 13 to 15, 18 and 19: how processes and supervisors are stopped.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

/// Writes down how far it comes; the log outlives it.
struct worker : scripted<worker> {
  using scripted::handle;
  using needs = es::environment<std::string*>;
  struct work {
    using reply = int;
  };
  struct note {
    using reply = int;
  };
  explicit worker(es::context<worker>& s) : self(s) { log() += "up "; }
  worker(worker const&) = delete;
  ~worker() { log() += "gone "; }

  es::task<int> handle(work) {
    log() += self.stopping() ? "stopping " : "working ";
    co_await self.sleep(1_s);
    log() += "done ";
    co_return 1;
  }
  int handle(note) {
    log() += "note ";
    return 2;
  }
  es::task<void> terminate(es::exit_reason const& why) {
    log() += "terminate:" + std::string(word(why.kind())) + ' ';
    co_await self.sleep(2_s);
    log() += "terminated ";
  }
  std::string& log() { return *self.environment<std::string*>(); }
  es::context<worker>& self;
};

/// Asks the worker, and writes down what it is told.
struct asker : scripted<asker> {
  using needs = es::environment<std::string*>;
  using calls = es::processes<worker>;
  struct ask_for_work {};
  struct ask_for_note {};
  es::task<void> handle(ask_for_work, es::context<asker>& self) {
    auto answer = co_await self.try_call<worker, worker::work>();
    told(self, answer);
  }
  es::task<void> handle(ask_for_note, es::context<asker>& self) {
    auto answer = co_await self.try_call<worker, worker::note>();
    told(self, answer);
  }
  void told(es::context<asker>& self, es::answer<int>& answer) {
    *self.environment<std::string*>() +=
        "told:" + (answer ? std::to_string(*answer) : answer.reason().to_string()) + ' ';
  }
};
struct one : es::name_for<asker> {};
struct two : es::name_for<asker> {};
struct three : es::name_for<asker> {};

template <class... Options>
struct tree : es::supervisor<es::intensity<9, 60_s>,
                             es::child<worker, es::allow<es::terminate_skipped_on_stop>, Options...>, one,
                             two, three> {};

/// The first two ask the worker, which suspends for the first of them.
template <class T>
void ask(es::simulation<T>& sim) {
  sim.template cast<one>(asker::ask_for_work{});
  sim.run_until_idle();
  sim.template cast<two>(asker::ask_for_note{});
  sim.run_until_idle();
}

// --- 13

TEST_CASE("on a stop a running handler goes on to its next suspension point, and no further (SEMANTICS 13)") {
  std::string log;
  es::simulation<tree<>> sim{es::with(&log)};
  sim.slow<worker>(1_s);  // it runs for a second before it suspends
  sim.cast<worker>(worker::work{});
  sim.run_until_idle();
  CHECK(sim.terminate_child<worker>() == es::child_result::ok);
  CHECK(log == "up stopping terminate:shutdown terminated gone ");
  CHECK(sim.elapsed() == 3_s);
  CHECK(sim.matches(es::trace{}.stopped<worker>()));
}

TEST_CASE(
    "on a stop the caller being served and those queued are told, and then terminate runs (SEMANTICS 13)") {
  std::string log;
  es::simulation<tree<>> sim{es::with(&log)};
  ask(sim);
  CHECK(sim.terminate_child<worker>() == es::child_result::ok);
  sim.run_until_idle();
  CHECK(log == "up working terminate:shutdown told:shutdown told:shutdown terminated gone ");
  CHECK(sim.elapsed() == 2_s);
  CHECK(sim.broken().empty());
}

TEST_CASE("with drain those queued before the stop are answered, and those after it told (SEMANTICS 13)") {
  struct trigger : scripted<trigger> {};
  struct all
      : es::supervisor<es::one_for_all, es::intensity<9, 60_s>, es::child<worker, es::drain>, trigger> {};
  struct root : es::supervisor<all, one, two, three> {};
  std::string log;
  es::simulation<root> sim{es::with(&log)};
  ask(sim);
  sim.cast<trigger>(trigger::crash{});
  sim.run_until_idle();  // it drains
  sim.cast<three>(asker::ask_for_note{});
  sim.run_for(1_s);
  CHECK(log.starts_with("up working done "));
  for (auto word : {"note ", "told:1 ", "told:2 ", "told:shutdown "}) {
    CAPTURE(word);
    CHECK(log.find(word) != std::string::npos);
  }
  CHECK(log.find("note ") == log.rfind("note "));
  sim.run_for(2_s);
  CHECK(log.ends_with("terminated gone up "));
  CHECK(sim.broken().empty());
}

TEST_CASE("the limit of a stop covers the handler, the draining and terminate together (SEMANTICS 13)") {
  auto stop = [](auto sim, std::string& log) {
    CHECK(sim->template terminate_child<worker>() == es::child_result::ok);
    CHECK(sim->trace() == es::trace{}.ended<worker>(es::reason::killed));
    CHECK(sim->elapsed() == 2500_ms);
    CHECK(log.ends_with("terminate:shutdown gone "));
    REQUIRE(sim->reports().size() == 1);
    CHECK(sim->reports()[0].find("reason      killed") != std::string::npos);
  };
  std::string log;
  SUBCASE("a handler of one second and a terminate of two") {
    auto sim = std::make_unique<es::simulation<tree<es::shutdown<2500_ms>>>>(es::with(&log));
    sim->slow<worker>(1_s);
    sim->cast<worker>(worker::note{});
    sim->run_until_idle();
    stop(std::move(sim), log);
  }
  SUBCASE("a second of draining and a terminate of two") {
    auto sim = std::make_unique<es::simulation<tree<es::drain, es::shutdown<2500_ms>>>>(es::with(&log));
    sim->cast<worker>(worker::work{});
    sim->run_until_idle();
    stop(std::move(sim), log);
  }
  SUBCASE("and whom it has not served is told") {
    es::simulation<tree<es::drain, es::shutdown<500_ms>>> sim{es::with(&log)};
    ask(sim);
    CHECK(sim.terminate_child<worker>() == es::child_result::ok);
    sim.run_until_idle();
    CHECK(log == "up working gone told:killed told:killed ");
    CHECK(sim.elapsed() == 500_ms);
  }
  SUBCASE("and both are in time within three seconds and a bit") {
    es::simulation<tree<es::drain, es::shutdown<3001_ms>>> sim{es::with(&log)};
    sim.cast<worker>(worker::work{});
    sim.run_until_idle();
    CHECK(sim.terminate_child<worker>() == es::child_result::ok);
    CHECK(sim.matches(es::trace{}.stopped<worker>()));
    CHECK(sim.elapsed() == 3_s);
    CHECK(sim.reports().empty());
  }
}

// --- 14

TEST_CASE(
    "terminate runs after a stop, self.stop, a throw and an exit signal, without trap_exits (SEMANTICS 14)") {
  std::string log;
  es::simulation<tree<>> sim{es::with(&log)};
  log.clear();
  SUBCASE("a stop") {
    sim.terminate_child<worker>();
    CHECK(log == "terminate:shutdown terminated gone ");
  }
  SUBCASE("self.stop") {
    sim.cast<worker>(worker::finish{});
    sim.run_for(2_s);
    CHECK(log == "terminate:normal terminated gone up ");
  }
  SUBCASE("a throw") {
    sim.cast<worker>(worker::crash{});
    sim.run_for(2_s);
    CHECK(log == "terminate:crashed terminated gone up ");
  }
  SUBCASE("an exit signal") {
    sim.crash<worker>(es::at{0_s});
    sim.run_for(2_s);
    CHECK(log == "terminate:crashed terminated gone up ");
  }
}

TEST_CASE(
    "terminate does not run after a constructor or an init that threw, nor after a kill (SEMANTICS 14)") {
  std::string log;
  SUBCASE("a constructor") {
    es::simulation<tree<>> sim{es::with(&log)};
    sim.terminate_child<worker>();
    log.clear();
    sim.crash<worker>(es::in_constructor{1});
    CHECK(sim.restart_child<worker>() == es::child_result::start_failed);
    CHECK(log == "");
  }
  SUBCASE("init") {
    es::simulation<tree<>> sim{es::with(&log)};
    sim.terminate_child<worker>();
    log.clear();
    sim.crash<worker>(es::in_init{1});
    CHECK(sim.restart_child<worker>() == es::child_result::start_failed);
    CHECK(log == "up gone ");
  }
  SUBCASE("brutal_kill") {
    es::simulation<tree<es::brutal_kill>> sim{es::with(&log)};
    sim.terminate_child<worker>();
    CHECK(log == "up gone ");
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::killed)));
  }
}

// --- 15

TEST_CASE("a killed process that is suspended is destroyed at once (SEMANTICS 15)") {
  std::string log;
  es::simulation<tree<es::brutal_kill>> sim{es::with(&log)};
  ask(sim);
  CHECK(sim.terminate_child<worker>() == es::child_result::ok);
  sim.run_until_idle();
  CHECK(log == "up working gone told:killed told:killed ");
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.reports().empty());
}

TEST_CASE("a killed process that runs has 100 ms to return (SEMANTICS 15)") {
  std::string log;
  SUBCASE("brutal_kill") {
    es::simulation<tree<es::brutal_kill>> sim{es::with(&log)};
    sim.slow<worker>(99_ms);
    sim.cast<worker>(worker::note{});
    sim.run_until_idle();
    CHECK(sim.terminate_child<worker>() == es::child_result::ok);
    CHECK(sim.elapsed() == 99_ms);
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::killed)));
    CHECK(sim.reports().empty());
  }
  SUBCASE("and as much after its limit has expired") {
    es::simulation<tree<es::shutdown<1_s>>> sim{es::with(&log)};
    sim.slow<worker>(1099_ms);
    sim.cast<worker>(worker::note{});
    sim.run_until_idle();
    CHECK(sim.terminate_child<worker>() == es::child_result::ok);
    CHECK(sim.elapsed() == 1099_ms);
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::killed)));
    REQUIRE(sim.reports().size() == 1);
    CHECK(sim.reports()[0].starts_with("espalier: shutdown_error\n"));
  }
  CHECK(log == "up note gone ");
}

// --- 18

TEST_CASE("a supervisor takes as long to stop as its children take together (SEMANTICS 18)") {
  struct first : es::name_for<worker> {};
  struct second : es::name_for<worker> {};
  struct third : es::name_for<worker> {};
  struct inner : es::supervisor<first, second, third> {};
  struct outer : es::supervisor<inner> {};
  static_assert(es::shutdown_bound<outer> == 15_s);
  std::string log;
  es::simulation<outer> sim{es::with(&log)};
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 6_s);  // more than what one process has
  CHECK(sim.matches(
      es::trace{}.stopped<third>().stopped<second>().stopped<first>().stopped<inner>().stopped<outer>()));
  CHECK(sim.reports().empty());
}

// --- 19

/// Is never up a second time.
struct ready_once : scripted<ready_once> {
  es::task<void> init(es::context<ready_once>& self) {
    if (self.incarnation() > 1) co_await self.sleep(es::infinity);
  }
};

TEST_CASE(
    "a stop overtakes a start under way, also of a supervisor, under its children's limits (SEMANTICS 19)") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, es::child<worker, es::shutdown<1_s>>, ready_once> {};
  struct outer : es::supervisor<inner, one> {};
  std::string log;
  es::simulation<outer> sim{es::with(&log)};
  sim.cast<ready_once>(ready_once::crash{});
  sim.run_for(9_s);  // its supervisor gives up, and starts again for ever
  const es::duration before = sim.elapsed();
  log.clear();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() - before == 1_s);
  CHECK(log == "terminate:shutdown gone ");
  CHECK(sim.matches(es::trace{}
                        .crashed<ready_once>()
                        .gave_up<inner>()
                        .ended<worker>(es::reason::killed)
                        .stopped<inner>()
                        .started<worker>()
                        .stopped<one>()
                        .ended<worker>(es::reason::killed)
                        .stopped<outer>()));
}

struct slow_start : scripted<slow_start> {
  using needs = es::environment<std::string*>;
  es::task<void> init(es::context<slow_start>& self) {
    if (self.incarnation() > 1) co_await self.sleep(10_s);
  }
  void terminate(es::exit_reason const& why, es::context<slow_start>& self) {
    *self.environment<std::string*>() += "terminate:" + std::string(word(why.kind())) + ' ';
  }
};

TEST_CASE(
    "a child that is stopped while it starts has not been up, and runs no terminate (SEMANTICS 14, 19)") {
  struct root : es::supervisor<slow_start> {};
  std::string log;
  es::simulation<root> sim{es::with(&log)};
  sim.cast<slow_start>(slow_start::crash{});
  sim.run_for(1_s);
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(log == "terminate:crashed ");
  CHECK(sim.elapsed() == 1_s);
  CHECK(sim.matches(es::trace{}.crashed<slow_start>().stopped<root>()));
}

}  // namespace
