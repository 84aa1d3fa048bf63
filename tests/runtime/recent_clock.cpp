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

}  // namespace
