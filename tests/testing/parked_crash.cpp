#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct tree : es::supervisor<es::one_for_all, es::intensity<3, 5_s>, a, es::child<b, es::transient>> {};

TEST_CASE("a crash at a time does not reach a process that is parked, nor the life that a sibling gives it") {
  es::simulation<tree> sim;
  sim.cast<b>(b::finish{});
  sim.run_until_idle();
  sim.crash<b>(es::at{1_s});
  sim.run_for(2_s);
  sim.cast<a>(a::crash{});
  sim.run_for(1_s);
  CHECK(sim.matches(es::trace{}.ended<b>(es::reason::normal).crashed<a>().started<a>().started<b>()));
}

}  // namespace
