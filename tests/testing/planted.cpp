// Does the harness find mistakes? The engine makes five classic ones when it is asked to.
#include <doctest/doctest.h>

#include "store.hpp"

namespace {

using es::runtime::planted_mistake;

struct ticking {
  struct tick {};
  struct work {};
  void init(es::context<ticking>& self) { self.send_after(1_s, tick{}); }
  void handle(tick) {}
  void handle(work) {}
};
struct asking {
  using calls = es::processes<database, ticking>;
  struct ask {};
  es::task<void> handle(ask, es::context<asking>& self) {
    static_cast<void>(co_await self.try_call<database, database::fetch>("k"));
  }
};
struct tree : es::supervisor<es::intensity<3, 5_s>, database, ticking, asking> {};

auto scenario(planted_mistake m) {
  return [m](es::simulation<tree>& sim) {
    sim.plant(m);
    sim.cast<asking>(asking::ask{});
    sim.cast<asking>(asking::ask{});
    sim.cast<ticking>(ticking::work{});
    sim.run_for(500_ms);
  };
}

bool finds(planted_mistake m, std::string const& what) {
  const auto report = es::crash_everywhere<tree>(scenario(m));
  for (auto const& f : report.findings()) {
    if (f.what.find(what) != std::string::npos) return true;
  }
  MESSAGE(report.to_string());
  return false;
}

TEST_CASE("an engine without a mistake passes") {
  CHECK(es::crash_everywhere<tree>(scenario(planted_mistake::none)));
}

TEST_CASE("a caller that is never answered is found") {
  CHECK(finds(planted_mistake::caller_not_answered,
              "a call from asking to database was never answered: database::fetch"));
}

TEST_CASE("a stale notice of a death that is believed is found") {
  CHECK(finds(planted_mistake::stale_notice_accepted,
              "the supervisor of database was told of an end that did not happen"));
}

TEST_CASE("a timer that outlives its process is found") {
  CHECK(finds(planted_mistake::timer_outlives_process, "a timer of ticking outlives its process"));
}

TEST_CASE("a message kept that should be lost is found") {
  CHECK(finds(planted_mistake::mail_outlives_process,
              "a message for incarnation 1 of asking is handled by incarnation 2"));
}

TEST_CASE("a restart that is not counted is found") {
  auto loops = [](planted_mistake m) {
    return [m](es::simulation<tree>& sim) {
      sim.plant(m);
      for (int i = 0; i != 4; ++i) {
        sim.crash<ticking>();
        sim.cast<ticking>(ticking::work{});
        sim.run_until_idle();
      }
    };
  };
  const auto report = es::explore<tree>(loops(planted_mistake::restart_not_counted), 1);
  REQUIRE(report.findings().size() == 1);
  CHECK(report.findings()[0].what ==
        "tree restarts ticking and should have given up: more than 3 restarts within 5 s");
  CHECK(es::explore<tree>(loops(planted_mistake::none), 1));
}

}  // namespace
