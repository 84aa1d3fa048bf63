#include <doctest/doctest.h>

#include <set>

#include "store.hpp"

namespace {

struct listener {
  struct note {
    char from;
    int number;
  };
  struct heard {
    using reply = std::string;
  };
  void handle(note m) { all += m.from + std::to_string(m.number) + ' '; }
  std::string handle(heard) { return all; }
  std::string all;
};
template <char Name>
struct speaker {
  using calls = es::processes<listener>;
  struct speak {};
  void handle(speak, es::context<speaker>& self) {
    for (int i = 1; i != 4; ++i) self.template cast<listener, typename listener::note>(Name, i);
  }
};
using anna = speaker<'a'>;
using bert = speaker<'b'>;
struct room : es::supervisor<listener, anna, bert> {};

std::string hear(es::simulation<room>& sim) {
  sim.cast<anna>(anna::speak{});
  sim.cast<bert>(bert::speak{});
  sim.run_for(10_s);
  return sim.call<listener>(listener::heard{});
}

/// What one of them said, in the order in which it arrived.
std::string only(std::string const& all, char from) {
  std::string out;
  for (std::size_t i = 0; i + 1 < all.size(); i += 3) {
    if (all[i] == from) out += all[i + 1];
  }
  return out;
}

TEST_CASE("a delayed pair takes its time, and the others do not") {
  es::simulation<room> sim;
  sim.delay<anna, listener>(2_s);
  sim.cast<anna>(anna::speak{});
  sim.cast<bert>(bert::speak{});
  sim.run_for(1999_ms);
  CHECK(sim.call<listener>(listener::heard{}) == "b1 b2 b3 ");
  sim.run_for(1_ms);
  CHECK(sim.call<listener>(listener::heard{}) == "b1 b2 b3 a1 a2 a3 ");
  CHECK_THROWS_AS((sim.delay<anna, listener>(es::infinity)), std::invalid_argument);
}

TEST_CASE("deliveries are reordered between pairs, and keep their order within each (promise 4)") {
  std::set<std::string> heard;
  for (std::uint64_t s = 1; s != 60; ++s) {
    es::simulation<room> sim{es::seed{s}};
    INFO("seed ", s);
    if (s % 2 == 0) sim.reorder();
    if (s % 2 == 1) sim.delay_up_to(1_s);
    const std::string all = hear(sim);
    CHECK(only(all, 'a') == "123");
    CHECK(only(all, 'b') == "123");
    CHECK(sim.broken().empty());
    heard.insert(all);
  }
  CHECK(heard.size() > 10);
}

TEST_CASE("a pair that is no longer delayed does not overtake itself") {
  es::simulation<room> sim;
  sim.delay<anna, listener>(2_s);
  sim.cast<anna>(anna::speak{});
  sim.run_until_idle();
  sim.delay<anna, listener>(0_s);
  sim.cast<anna>(anna::speak{});
  sim.run_for(3_s);
  CHECK(sim.call<listener>(listener::heard{}) == "a1 a2 a3 a1 a2 a3 ");
}

TEST_CASE("a delayed answer comes late, and a call can time out on it") {
  es::simulation<app> sim;
  sim.delay<database, cache>(3_s);
  CHECK(!sim.call<cache>(cache::get{"k"}));
  CHECK(sim.elapsed() == 3_s);
  sim.delay<database, cache>(6_s);
  CHECK(sim.call<web>(web::visit{"k"}) == "error: timeout");
  sim.run_for(10_s);
  CHECK(sim.broken().empty());
}

TEST_CASE("what arrives after a restart is for the new incarnation, and at a parked process for nobody") {
  struct parked_room : es::supervisor<es::child<listener, es::temporary>, anna> {};
  es::simulation<room> sim;
  sim.delay<es::outside, listener>(1_s);
  sim.cast<listener>(listener::note{'o', 1});
  sim.crash<listener>(es::at{500_ms});
  sim.run_for(1_s);
  CHECK(sim.call<listener>(listener::heard{}) == "o1 ");

  es::simulation<parked_room> parked;
  parked.delay<es::outside, listener>(1_s);
  parked.crash<listener>(es::at{500_ms});
  auto answer = parked.try_call<listener>(listener::heard{});
  CHECK(answer.reason() == es::reason::noproc);
  CHECK(parked.elapsed() == 1_s);
  CHECK(parked.broken().empty());
}

TEST_CASE("a stop settles what is under way") {
  es::simulation<room> sim;
  sim.delay<anna, listener>(1_h);
  sim.cast<anna>(anna::speak{});
  sim.run_until_idle();
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

}  // namespace
