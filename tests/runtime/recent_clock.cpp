#include <espalier/runtime/recent_clock.hpp>

#include <doctest/doctest.h>

#include <thread>

namespace es = espalier;
using es::runtime::recent_clock;

namespace {

void check_many() {
  es::instant last{};
  for (int i = 0; i != 1'000'000; ++i) {
    const es::instant before = recent_clock::now();
    const es::instant answered = recent_clock::not_before_now();
    const es::instant after = recent_clock::now();
    REQUIRE(answered >= before);
    REQUIRE(answered <= after + recent_clock::slack);
    REQUIRE(answered >= last);
    last = answered;
  }
}

TEST_CASE("the cheap clock is never early, seldom read, late by its slack at most, and does not go back") {
  check_many();
  std::thread(check_many).join();  // a thread of its own remembers nothing of this one
  if (!recent_clock::is_cheap()) return;
  int changes = 0;
  es::instant last{};
  for (int i = 0; i != 100'000; ++i) {
    const es::instant answered = recent_clock::not_before_now();
    changes += answered != last;
    last = answered;
  }
  CHECK(changes < 50'000);
}

/// A machine whose clock and counter a test moves.
struct scripted {
  static es::instant now() {
    ++readings;
    return {time};
  }
  static std::uint64_t counter() { return ticks; }
  static bool may_be_trusted() { return true; }
  static inline std::int64_t time = 1'000'000;
  static inline std::uint64_t ticks = 5;
  static inline int readings = 0;
};

TEST_CASE("a counter that has stood still is not trusted any more, and no time is early after that") {
  using clock = es::runtime::recent_clock_of<scripted>;
  const auto pass = [](std::int64_t nanoseconds, std::uint64_t ticks) {
    scripted::time += nanoseconds;
    scripted::ticks += ticks;
    return clock::not_before_now();
  };
  CHECK(pass(0, 0) == es::instant{1'000'000} + clock::slack);
  CHECK(pass(16'000, 8'000) == es::instant{1'000'000} + clock::slack);  // 500 MHz
  CHECK(scripted::readings == 1);
  CHECK(pass(1'000, 500) == es::instant{1'017'000} + clock::slack);
  CHECK(pass(50'000'000'000, 25'000'000'000) == es::instant{50'001'017'000} + clock::slack);
  CHECK(pass(1'000, ~std::uint64_t{0} - scripted::ticks) == es::instant{50'001'018'000} + clock::slack);
  CHECK(pass(10'000, 5'000) == es::instant{50'001'018'000} + clock::slack);
  CHECK(pass(8'000, 4'000) == es::instant{50'001'036'000} + clock::slack);
  CHECK(clock::is_cheap());
  const es::instant last = pass(1'000'000, 8'192);  // it stood still for most of that
  CHECK(last == es::instant{50'002'036'000} + clock::slack);
  CHECK_FALSE(clock::is_cheap());
  CHECK(pass(10'000, 0) == last);  // not back, and not early
  CHECK(pass(10'000, 0) == es::instant{50'002'056'000});
  CHECK(scripted::readings == 8);
}

}  // namespace
