#include <doctest/doctest.h>

#include <set>

#include "store.hpp"

namespace {

void visits(es::simulation<app>& sim) {
  sim.cast<database>(database::store{"k", "v"});
  sim.cast<database>(database::store{"bad", ""});
  for (char const* key : {"k", "l", "bad", "k"}) sim.cast<web>(web::visit{key});
  sim.run_for(1_s);
}

TEST_CASE("a scenario holds under many schedules") {
  const auto report = es::explore<app>(visits, 200);
  CHECK(report);
  CHECK(report.tried() == 200);
  CHECK(report.to_string().find("200 seeds tried, 0 findings") != std::string::npos);
}

TEST_CASE("a scenario sees what depends on the order, and a seed brings it back") {
  auto never_lost = [](es::simulation<app>& sim) {
    sim.cast<database>(database::store{"k", "v"});
    sim.cast<web>(web::visit{"k"});
    sim.crash<database>(es::at_message{2});
    sim.run_for(1_s);
    return sim.call<logs>(logs::count{}) == 1 && sim.call<database>(database::fetch{"k"}) == "v";
  };
  const auto report = es::explore<app>(never_lost, std::vector{es::seed{1}, es::seed{2}, es::seed{3}});
  CHECK(!report);
  REQUIRE(report.findings().size() == 3);
  CHECK(report.findings()[0].where == "seed 1");
  CHECK(report.findings()[0].what == "the scenario does not hold");
  CHECK(report.findings()[0].last_steps.find("crashed database") != std::string::npos);
}

/// Loses a bid when two arrive at once.
struct auction {
  struct bid {
    int amount;
  };
  struct best {
    using reply = int;
  };
  void handle(bid m) { best_ = m.amount; }  // the last one, not the best one
  int handle(best) { return best_; }
  int best_ = 0;
};
template <int Amount>
struct bidder {
  using casts = es::processes<auction>;
  struct go {};
  void handle(go, es::context<bidder>& self) { self.template cast<auction, auction::bid>(Amount); }
};
struct house : es::supervisor<auction, bidder<1>, bidder<2>> {};

TEST_CASE("a race between processes is found by some seed, always the same one") {
  auto bids = [](es::simulation<house>& sim) {
    sim.cast<bidder<1>>(bidder<1>::go{});
    sim.cast<bidder<2>>(bidder<2>::go{});
    sim.run_until_idle();
    return sim.call<auction>(auction::best{}) == 2;
  };
  const auto report = es::explore<house>(bids, 40);
  CHECK(!report);
  CHECK(report.findings().size() > 5);
  CHECK(report.findings().size() < 35);
  const auto again = es::explore<house>(bids, 40);
  REQUIRE(again.findings().size() == report.findings().size());
  for (std::size_t i = 0; i != again.findings().size(); ++i) {
    CHECK(again.findings()[i].where == report.findings()[i].where);
    CHECK(again.findings()[i].last_steps == report.findings()[i].last_steps);
  }
}

TEST_CASE("what a scenario throws is a finding, with its seed") {
  const auto report = es::explore<app>(
      [](es::simulation<app>& sim) {
        if (sim.elapsed() == 0_s) throw std::runtime_error("told to");
      },
      2);
  REQUIRE(report.findings().size() == 2);
  CHECK(report.findings()[1].where == "seed 2");
  CHECK(report.findings()[1].what == "the scenario throws crashed: std::runtime_error: told to");
}

TEST_CASE("each run may have values of its own") {
  struct counting {
    using needs = es::environment<int*>;
    void init(es::context<counting>& self) { ++*self.environment<int*>(); }
  };
  struct tree : es::supervisor<counting> {};
  int starts = 0;
  CHECK(es::explore<tree>([&] { return es::with(&starts); }, [](auto&) {}, 7));
  CHECK(starts == 7);
  CHECK(es::explore<tree>(
      es::with(&starts), [](auto&) {}, 3));
  CHECK(starts == 10);
}

}  // namespace
