#include <doctest/doctest.h>

#include <espalier/testing/random.hpp>

#include "store.hpp"

namespace {

TEST_CASE("the generator is the same everywhere") {
  es::testing::random draw(es::seed{42});
  CHECK(draw.next() == 13679457532755275413U);
  CHECK(draw.next() == 2949826092126892291U);
  int counts[6] = {};
  for (int i = 0; i != 60'000; ++i) ++counts[draw.below(6)];
  for (int n : counts) {
    CHECK(n > 9'600);
    CHECK(n < 10'400);
  }
}

std::uint64_t print(std::uint64_t hash, std::string const& text) {
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

/// What happens under a seed, in one number.
std::uint64_t fingerprint(std::uint64_t s) {
  es::simulation<app> sim{es::seed{s}};
  sim.delay_up_to(20_ms);
  for (char const* key : {"k", "l", "bad", "k"}) {
    sim.cast<database>(database::store{key, key == std::string("bad") ? "" : "v"});
    sim.cast<web>(web::visit{key});
  }
  sim.crash<database>(es::at_message{4});
  sim.crash<web>(es::at{35_ms});
  sim.run_for(1_s);
  return print(14695981039346656037U, sim.last_steps());
}

TEST_CASE("a seed gives the same steps on every machine and compiler") {
  CHECK(fingerprint(1) == 5170145691152203620U);
  CHECK(fingerprint(2) == 15625047873669445234U);
  CHECK(fingerprint(3) == fingerprint(3));
  CHECK(fingerprint(3) != fingerprint(4));
}

TEST_CASE("a trace outlives its simulation, and compares") {
  es::trace kept;
  {
    es::simulation<app> sim;
    sim.crash<web>(es::at{0_s});
    sim.run_until_idle();
    kept = sim.trace();
  }
  CHECK(kept == es::trace{}.crashed<web>().started<web>());
  CHECK(kept != es::trace{}.crashed<web>());
  CHECK(kept != es::trace{}.ended<web>(es::reason::normal).started<web>());
}

}  // namespace
