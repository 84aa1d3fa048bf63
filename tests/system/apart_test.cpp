#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "system/apart.hpp"

namespace es = espalier;

TEST_CASE("handlers in a file of their own, which knows no tree, link and run") {
  es::simulation<es::supervisor<apart_store, apart_client>> sim;
  CHECK(sim.call<apart_client>(apart_client::go{4}) == 10);
}
