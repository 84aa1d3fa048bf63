#include <espalier/plan.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <vector>

namespace es = espalier;
using namespace es::literals;

static es::instant at(es::duration d) { return es::instant{} + d; }

TEST_CASE("N restarts within the period are tolerated, and one more is not (B.6)") {
  es::instant ring[3];
  es::plan::window w(ring, 3, 5_s);
  CHECK(w.count(at(0_s)));
  CHECK(w.count(at(1_s)));
  CHECK(w.count(at(2_s)));
  CHECK_FALSE(w.count(at(3_s)));
  CHECK(w.counted() == 3);
}

TEST_CASE("a restart exactly one period old still counts, and one older does not (SEMANTICS 21)") {
  es::instant ring[1];
  es::plan::window w(ring, 1, 5_s);
  CHECK(w.count(at(0_s)));
  CHECK_FALSE(w.count(at(5_s)));
  CHECK(w.count(at(5_s + 1_ns)));
}

TEST_CASE("a refused restart is not counted") {
  es::instant ring[1];
  es::plan::window w(ring, 1, 2_s);
  CHECK(w.count(at(0_s)));
  CHECK_FALSE(w.count(at(1_s)));
  CHECK(w.count(at(3_s)));
}

TEST_CASE("an intensity of zero never restarts") {
  es::plan::window w(nullptr, 0, 5_s);
  CHECK_FALSE(w.count(at(0_s)));
  CHECK_FALSE(w.count(at(100_s)));
}

TEST_CASE("a window that starts anew has forgotten all") {
  es::instant ring[1];
  es::plan::window w(ring, 1, 5_s);
  CHECK(w.count(at(0_s)));
  w.clear();
  CHECK(w.count(at(0_s)));
}

TEST_CASE("a window agrees with counting by hand, whatever the gaps") {
  std::uint64_t state = 42;
  auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (std::size_t most = 1; most != 6; ++most) {
    std::vector<es::instant> ring(most);
    es::plan::window w(ring.data(), most, 10_ns);
    std::deque<es::instant> counted;
    es::instant now{};
    for (int i = 0; i != 500; ++i) {
      now = now + es::duration{static_cast<std::int64_t>(draw(6))};
      std::size_t inside = 0;
      for (es::instant t : counted) inside += t + 10_ns >= now ? 1U : 0U;
      const bool expected = inside < most;
      REQUIRE(w.count(now) == expected);
      if (expected) counted.push_back(now);
    }
  }
}
