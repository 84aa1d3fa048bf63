#include <doctest/doctest.h>

#include "store.hpp"

namespace {

TEST_CASE("a database crash takes the cache along, and nobody else") {
  es::simulation<app> sim{es::seed{42}};
  sim.cast<database>(database::store{"k", "v"});
  sim.crash<database>();
  sim.cast<database>(database::store{"l", "w"});
  sim.run_for(5_s);
  CHECK(sim.matches(es::trace{}.crashed<database>().stopped<cache>().started<database>().started<cache>()));
  CHECK(!sim.call<cache>(cache::get{"k"}));
  CHECK(sim.broken().empty());
}

TEST_CASE("a process crashes at its nth message, and handles the others") {
  es::simulation<app> sim;
  sim.crash<logs>(es::at_message{3});
  for (int i = 0; i != 5; ++i) {
    sim.cast<logs>(logs::line{"x"});
    sim.run_until_idle();
  }
  CHECK(sim.matches(es::trace{}.crashed<logs>().started<logs>()));
  CHECK(sim.call<logs>(logs::count{}) == 2);
  CHECK_THROWS_AS(sim.crash<logs>(es::at_message{0}), std::invalid_argument);
}

struct brief {
  struct finish {};
  void handle(finish, es::context<brief>& self) { self.stop(); }
};
struct briefly : es::supervisor<brief> {};

TEST_CASE("a process crashes where it would terminate, also if it has nothing to do there") {
  for (int messages : {1, 2}) {
    es::simulation<briefly> sim;
    sim.crash<brief>(es::in_terminate{});
    for (int i = 0; i != messages; ++i) sim.cast<brief>(brief::finish{});
    sim.run_until_idle();
    CHECK(sim.matches(es::trace{}.crashed<brief>().started<brief>()));
  }
}

TEST_CASE("a process crashes at a time, also while it is idle") {
  es::simulation<app> sim;
  sim.crash<web>(es::at{2_s});
  sim.run_for(1999_ms);
  CHECK(sim.trace() == es::trace{});
  sim.run_for(1_ms);
  CHECK(sim.matches(es::trace{}.crashed<web>().started<web>()));
  CHECK(sim.reports().at(0).find("injected_crash: crashed by the simulation") != std::string::npos);
}

TEST_CASE("a process crashes at a time that is past: now") {
  es::simulation<app> sim;
  sim.run_for(3_s);
  sim.crash<web>(es::at{2_s});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<web>().started<web>()));
}

TEST_CASE("a process that is suspended crashes at a time, and its caller is told") {
  es::simulation<app> sim;
  sim.slow<database>(10_s);
  sim.crash<cache>(es::at{1_s});
  CHECK(sim.call<web>(web::visit{"k"}) == "error: crashed");
  CHECK(sim.elapsed() == 1_s);
}

TEST_CASE("a process that is being restarted at that time crashes once it is up") {
  struct slow_start {
    es::task<void> init(es::context<slow_start>& self) { co_await self.sleep(1_s); }
  };
  struct tree : es::supervisor<es::intensity<5, 60_s>, slow_start> {};
  es::simulation<tree> sim;
  CHECK(sim.elapsed() == 1_s);
  sim.crash<slow_start>(es::at{2_s});
  sim.crash<slow_start>(es::at{2500_ms});
  sim.run_for(10_s);
  CHECK(sim.matches(
      es::trace{}.crashed<slow_start>().started<slow_start>().crashed<slow_start>().started<slow_start>()));
}

TEST_CASE("a start fails as often as asked, before the tree is up and after") {
  es::simulation<app> sim(es::not_started);
  sim.crash<database>(es::in_constructor{1});
  CHECK_THROWS_WITH_AS(
      sim.start(),
      "app/storage/database did not start: crashed: espalier::injected_crash: crashed by the "
      "simulation",
      es::start_failed);

  es::simulation<app> later;
  later.crash<database>(es::in_constructor{2});
  later.crash<database>();
  later.cast<database>(database::store{"k", "v"});
  later.run_until_idle();
  CHECK(later.matches(es::trace{}
                          .crashed<database>()
                          .stopped<cache>()
                          .restarting<database>()
                          .restarting<database>()
                          .started<database>()
                          .started<cache>()));
  CHECK(later.broken().empty());
}

TEST_CASE("a slow handler takes virtual time before it is entered") {
  es::simulation<app> sim;
  sim.slow<database, database::fetch>(300_ms);
  sim.cast<database>(database::store{"k", "v"});
  sim.run_until_idle();
  CHECK(sim.elapsed() == 0_s);
  CHECK(sim.call<cache>(cache::get{"k"}) == "v");
  CHECK(sim.elapsed() == 300_ms);
  sim.slow<database, database::fetch>(0_s);
  CHECK(!sim.call<database>(database::fetch{"l"}));
  CHECK(sim.elapsed() == 300_ms);
  CHECK_THROWS_AS(sim.slow<database>(-1_s), std::invalid_argument);
  CHECK_THROWS_AS(sim.slow<database>(es::infinity), std::invalid_argument);
}

TEST_CASE("a stop does not interrupt a slow handler, which sees it (SEMANTICS 13)") {
  struct observant {
    struct work {
      using reply = bool;
    };
    bool handle(work, es::context<observant>& self) { return self.stopping(); }
  };
  struct asking {
    using calls = es::processes<observant>;
    struct go {};
    struct seen {
      using reply = int;
    };
    es::task<void> handle(go, es::context<asking>& self) {
      auto a = co_await self.try_call<observant, observant::work>();
      answered = a ? int(*a) : -1;
    }
    int handle(seen) { return answered; }
    int answered = -2;
  };
  struct inner : es::supervisor<es::one_for_all, observant, web> {};
  struct tree : es::supervisor<es::one_for_one, es::supervisor<cache, database>> {};
  struct all
      : es::supervisor<es::one_for_all, es::intensity<5, 5_s>, observant, es::child<logs, es::permanent>> {};
  struct root : es::supervisor<all, asking> {};
  es::simulation<root> sim;
  sim.slow<observant>(2_s);
  sim.cast<asking>(asking::go{});
  sim.run_until_idle();
  sim.crash<logs>(es::at{1_s});  // observant is stopped while it is busy
  CHECK(sim.call<asking>(asking::seen{}) == 1);
  CHECK(sim.elapsed() == 2_s);
  CHECK(sim.contains(es::trace{}.crashed<logs>().stopped<observant>().started<observant>().started<logs>()));
}

TEST_CASE("a cast is dropped only where asked") {
  es::simulation<app> sim;
  sim.drop<logs, logs::line>(2);
  for (int i = 0; i != 4; ++i) sim.cast<logs>(logs::line{"x"});
  CHECK(sim.call<logs>(logs::count{}) == 3);
  CHECK(sim.broken().empty());
}

TEST_CASE("what never ends is said, and does not hang the test") {
  struct restless {
    struct on {};
    void handle(on, es::context<restless>& self) { self.cast<restless>(on{}); }
  };
  struct ticking {
    struct tick {};
    void init(es::context<ticking>& self) { self.send_every(1_min, tick{}); }
    void handle(tick) {}
  };
  struct stuck {
    es::task<void> init(es::context<stuck>& self) { co_await self.sleep(es::infinity); }
  };
  struct never_up : es::supervisor<ticking, stuck> {};
  CHECK_THROWS_WITH_AS(es::simulation<never_up>{}, "espalier: the start never ends", std::logic_error);
  struct never_still : es::supervisor<restless> {};
  es::simulation<never_still> sim;
  sim.limit_steps(1000);
  sim.cast<restless>(restless::on{});
  CHECK_THROWS_WITH_AS(sim.run_until_idle(), doctest::Contains("does not come to rest: 1000 steps"),
                       std::logic_error);
  CHECK_THROWS_AS(sim.run_for(-1_s), std::invalid_argument);
}

TEST_CASE("a second start of a tree that did not start says so again") {
  es::simulation<app> sim(es::not_started);
  sim.crash<web>(es::in_constructor{1});
  CHECK_THROWS_AS(sim.start(), es::start_failed);
  CHECK_THROWS_AS(sim.start(), es::start_failed);
}

TEST_CASE("a match that fails prints both traces, the seed and the last steps") {
  es::simulation<app> sim{es::seed{9}};
  sim.crash<logs>();
  sim.cast<logs>(logs::line{"x"});
  sim.run_until_idle();
  const auto match = sim.matches(es::trace{}.crashed<logs>());
  CHECK(!match);
  CHECK(match.to_string() ==
        "\n"
        "  expected      got\n"
        "  crashed logs  crashed logs\n"
        "!               started logs\n"
        "  seed 9\n"
        "  last steps\n"
        "    0 s  started logs\n"
        "    0 s  started database\n"
        "    0 s  started cache\n"
        "    0 s  started storage\n"
        "    0 s  started web\n"
        "    0 s  started app\n"
        "    0 s  logs handles logs::line\n"
        "    0 s  crashed logs\n"
        "    0 s  started logs\n");
}

TEST_CASE("one dynamic child crashes, at its next message, at a time or in its restart, and no other one") {
  struct worker {
    struct which {
      using reply = std::uint64_t;
    };
    std::uint64_t handle(which, es::context<worker>& self) { return self.incarnation(); }
  };
  struct workers : es::dynamic<worker, es::intensity<9, 60_s>> {};
  es::simulation<es::supervisor<workers>> sim;
  const auto a = sim.start_child<workers>();
  const auto b = sim.start_child<workers>();
  auto lives = [&] { return std::pair(sim.call(a, worker::which{}), sim.call(b, worker::which{})); };
  sim.crash(a);
  CHECK(sim.call(b, worker::which{}) == 1);
  CHECK_THROWS_AS(sim.call(a, worker::which{}), es::call_failed);
  CHECK(lives() == std::pair<std::uint64_t, std::uint64_t>(2, 1));
  sim.crash(b, es::at{1_s});
  sim.crash(b, es::in_constructor{2});
  sim.run_for(1_s);
  CHECK(lives() == std::pair<std::uint64_t, std::uint64_t>(2, 4));

  sim.slow(a, 3_s);
  sim.slow<worker::which>(b, 1_s);
  const es::duration before = sim.elapsed();
  CHECK(sim.call(b, worker::which{}) == 4);
  CHECK(sim.elapsed() - before == 1_s);
  sim.crash(a);
  CHECK(sim.terminate_child(a) == es::child_result::ok);
  const auto c = sim.start_child<workers>();  // at the same place, and not what was meant
  CHECK(sim.call(c, worker::which{}) == 1);
  CHECK(sim.elapsed() - before == 1_s);
}

struct counter {
  struct tick {};
  struct asked {
    using reply = int;
  };
  void handle(tick) { ++ticks; }
  int handle(asked) { return ticks; }
  int ticks = 0;
};

TEST_CASE(
    "a process without code of its own at its end is busy with a message that waits alone, and handles it") {
  es::simulation<es::supervisor<counter>> sim;
  sim.slow<counter>(1_s);
  sim.cast<counter>(counter::tick{});
  sim.run_until_idle();
  CHECK(sim.call<counter>(counter::asked{}) == 1);
}

}  // namespace
