#include <doctest/doctest.h>

#include "store.hpp"

namespace {

TEST_CASE("what was sent before a process is replaced is handled by its functions") {
  es::simulation<app> sim(es::not_started);
  int stored = 0;
  for (int i = 0; i != 3; ++i) sim.cast<database>(database::store{"k", "v"});
  sim.replace<database>([&](database::store) { ++stored; });
  sim.start();
  sim.run_until_idle();
  CHECK(stored == 3);
  CHECK(sim.broken().empty());
}

TEST_CASE("what is under way when a process is replaced is handled by its functions") {
  es::simulation<app> sim;
  int stored = 0;
  sim.delay<es::outside, database>(1_s);
  sim.cast<database>(database::store{"k", "v"});
  sim.replace<database>([&](database::store) { ++stored; });
  sim.crash<database>(es::at{500_ms});
  sim.run_for(2_s);
  CHECK(stored == 1);
  CHECK(sim.broken().empty());
}

TEST_CASE("an answer may set the next one") {
  es::simulation_of<cache> sim;
  sim.answer<database, database::fetch>([&sim, first = std::string(100, '1')](database::fetch) {
    sim.answer<database, database::fetch>("2");
    return first;
  });
  CHECK(sim.call(cache::get{"k"}) == std::string(100, '1'));
  CHECK(sim.call(cache::get{"l"}) == "2");
}

}  // namespace
