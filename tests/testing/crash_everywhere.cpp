#include <doctest/doctest.h>

#include "store.hpp"

namespace {

void visits(es::simulation<app>& sim) {
  sim.cast<database>(database::store{"k", "v"});
  for (char const* key : {"k", "l", "k"}) sim.cast<web>(web::visit{key});
  sim.run_for(1_s);
}

/// Everybody answers.
bool answers(es::simulation<app>& sim) { return sim.call<web>(web::visit{"x"}) == "nothing"; }

TEST_CASE("a tree survives a crash of every process at every message") {
  const auto report = es::crash_everywhere<app>(visits, answers);
  CHECK(report);
  // 1 store, 3 visits, their 3 lines, 3 gets, 2 or 3 fetches; before and after each.
  CHECK(report.tried() >= 24);
  CHECK(report.tried() <= 28);
  CHECK(report.traces() > 3);
  for (std::uint64_t s = 2; s != 20; ++s) CHECK(es::crash_everywhere<app>(visits, answers, es::seed{s}));
}

TEST_CASE("an invariant that a crash breaks is found, with the crash that does") {
  const auto report = es::crash_everywhere<app>(
      visits, [](es::simulation<app>& sim) { return sim.call<logs>(logs::count{}) == 3; });
  CHECK(!report);
  bool named = false;
  for (auto const& f : report.findings()) {
    CHECK(f.what == "the invariant does not hold");
    named = named || f.where == "crash of logs before its message 2, logs::line";
  }
  CHECK(named);
  CHECK(report.to_string().find("crash points tried") != std::string::npos);
}

/// Calls, and does not catch what fails.
struct careless {
  using calls = es::processes<database>;
  struct ask {};
  es::task<void> handle(ask, es::context<careless>& self) {
    co_await self.call<database, database::fetch>("k");
  }
};

TEST_CASE("a budget that a spreading crash exceeds is found") {
  // A crash of the database costs two restarts at once: its own, and that of its caller.
  struct strict : es::supervisor<es::intensity<1, 5_s>, database, careless> {};
  auto asks = [](es::simulation<strict>& sim) {
    sim.cast<careless>(careless::ask{});
    sim.run_for(1_s);
  };
  const auto report = es::crash_everywhere<strict>(asks);
  CHECK(!report);
  REQUIRE(report.findings().size() == 2);
  CHECK(report.findings()[0].where == "crash of database before its message 1, database::fetch");
  CHECK(report.findings()[0].what == "the budget of strict did not hold: it gave up");

  struct lenient : es::supervisor<es::intensity<2, 5_s>, database, careless> {};
  CHECK(es::crash_everywhere<lenient>([](es::simulation<lenient>& sim) {
    sim.cast<careless>(careless::ask{});
    sim.run_for(1_s);
  }));
}

TEST_CASE("a root without restarts does not survive, and an inner one does") {
  struct root : es::supervisor<es::intensity<0, 5_s>, logs> {};
  auto line = [](auto& sim) { sim.template cast<logs>(logs::line{"x"}); };
  CHECK(!es::crash_everywhere<root>(line));
  struct outer : es::supervisor<root> {};
  CHECK(es::crash_everywhere<outer>(line));
}

TEST_CASE("a tree that ends as its significant child says is counted, not found") {
  struct root : es::supervisor<es::auto_shutdown_any, es::child<logs, es::temporary, es::significant>> {};
  const auto report =
      es::crash_everywhere<root>([](es::simulation<root>& sim) { sim.cast<logs>(logs::line{"x"}); });
  CHECK(report);
  CHECK(report.ended_as_declared() == 2);
}

/// Believes that its sibling never restarts.
struct trusting {
  using calls = es::processes<database>;
  struct remember {};
  struct check {};
  es::task<void> handle(remember, es::context<trusting>& self) {
    auto row = co_await self.try_call<database, database::fetch>("k");
    known = row && row.value();
  }
  es::task<void> handle(check, es::context<trusting>& self) {
    if (!known) co_return;
    auto row = co_await self.try_call<database, database::fetch>("k");
    if (row && !row.value()) throw std::logic_error("the row has gone");
  }
  bool known = false;
};

TEST_CASE("a crash that spreads in another way than by a failed call is found") {
  struct tree : es::supervisor<es::intensity<9, 5_s>, database, trusting> {};
  const auto report = es::crash_everywhere<tree>([](es::simulation<tree>& sim) {
    sim.cast<database>(database::store{"k", "v"});
    sim.run_until_idle();
    sim.cast<trusting>(trusting::remember{});
    sim.run_until_idle();
    sim.cast<database>(database::store{"l", "w"});
    sim.run_until_idle();
    sim.cast<trusting>(trusting::check{});
    sim.run_until_idle();
  });
  CHECK(!report);
  bool found = false;
  for (auto const& f : report.findings()) {
    found = found || f.what == "trusting ends by itself: crashed: std::logic_error: the row has gone";
  }
  CHECK(found);
}

TEST_CASE("a process that does not come back is found") {
  struct fickle {
    void init(es::context<fickle>& self) {
      if (self.incarnation() > 1) self.stop(es::reason::crashed);
    }
    struct work {};
    void handle(work) {}
  };
  struct inner : es::supervisor<es::intensity<3, 5_s>, fickle> {};
  struct tree : es::supervisor<es::child<inner, es::temporary>, logs> {};
  const auto report =
      es::crash_everywhere<tree>([](es::simulation<tree>& sim) { sim.cast<fickle>(fickle::work{}); });
  CHECK(!report);
}

TEST_CASE("a scenario that fails without a crash is found first") {
  const auto report = es::crash_everywhere<app>([](es::simulation<app>&) { return false; });
  REQUIRE(report.findings().size() == 1);
  CHECK(report.findings()[0].where == "without a crash");
  CHECK(report.tried() == 0);
}

TEST_CASE("a failed call that the scenario does not catch ends it, and is no finding") {
  auto asks = [](es::simulation<app>& sim) { sim.call<cache>(cache::get{"k"}); };
  const auto report = es::crash_everywhere<app>(asks);
  CHECK(report);
  CHECK(report.cut_short() > 0);
}

TEST_CASE("a crash during the start of the tree is tried too") {
  struct early {
    using casts = es::processes<logs>;
    explicit early(es::context<early>& self) { self.cast<logs, logs::line>("here"); }
  };
  struct tree : es::supervisor<es::intensity<3, 5_s>, logs, early, es::supervisor<database>> {};
  const auto report = es::crash_everywhere<tree>([](es::simulation<tree>&) {});
  CHECK(report);
  CHECK(report.tried() == 2);
}

TEST_CASE("a scenario that depends on the world outside is told so") {
  int runs = 0;
  const auto report = es::crash_everywhere<app>([&](es::simulation<app>& sim) {
    if (runs++ == 0) sim.cast<logs>(logs::line{"once"});
  });
  CHECK(!report);
  CHECK(report.findings()[0].what.find("depends on something else") != std::string::npos);
}

TEST_CASE("a scenario with natural crashes is compared with itself") {
  CHECK(es::crash_everywhere<app>([](es::simulation<app>& sim) {
    sim.cast<database>(database::store{"bad", ""});
    sim.run_until_idle();
    sim.cast<web>(web::visit{"bad"});  // crashes the cache
    sim.run_for(1_s);
  }));
}

TEST_CASE("a stop that takes longer than declared is found") {
  struct stubborn {
    struct work {};
    void handle(work) {}
  };
  struct tree : es::supervisor<es::child<stubborn, es::shutdown<1_s>>> {};
  const auto report = es::crash_everywhere<tree>([](es::simulation<tree>& sim) {
    sim.slow<stubborn>(3_s);
    sim.cast<stubborn>(stubborn::work{});
    sim.run_until_idle();
  });
  CHECK(!report);
  bool found = false;
  for (auto const& f : report.findings()) {
    found = found || f.what == "the stop takes 1100 ms, and is bounded by 1 s";
  }
  CHECK(found);
}

}  // namespace
