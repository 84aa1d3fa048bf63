#include <doctest/doctest.h>

#include <type_traits>

#include <espalier/plan.hpp>
#include <espalier/tree.hpp>

namespace es = espalier;
using namespace es::literals;

TEST_CASE("durations of different units are equal when they last equally long") {
  CHECK(1_s == 1000_ms);
  CHECK(1_min == 60_s);
  CHECK(1_h == 60_min);
  CHECK(1_us == 1000_ns);
  CHECK(999_ms < 1_s);
}

TEST_CASE("nothing is longer than infinity, also not a sum") {
  CHECK(es::infinity + 1_s == es::infinity);
  CHECK(es::infinity - 1_s == es::infinity);
  CHECK(1_h * INT64_MAX == es::infinity);
  CHECK(es::unbounded > 1000000_h);
  CHECK(es::unbounded == es::infinity);
}

TEST_CASE("durations are template arguments") {
  CHECK(es::shutdown<2_s>::limit == 2000_ms);
  static_assert(std::is_empty_v<es::intensity<3, 5_s>>);
}

TEST_CASE("negative durations add up like any other") {
  CHECK(1_s + (0_s - 3_s) == 0_s - 2_s);
  CHECK(es::instant{5} + (0_ns - 7_ns) == es::instant{-2});
  CHECK(es::duration{INT64_MIN} + (0_s - 1_s) == es::duration{INT64_MIN});
}
