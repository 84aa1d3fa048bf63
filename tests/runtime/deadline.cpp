#include <doctest/doctest.h>

#include <espalier/runtime/deadline.hpp>
#include <string>

using namespace espalier;
using namespace espalier::literals;

namespace {

/// Writes down what is armed, in milliseconds, and what is disarmed.
struct recorder final : runtime::scheduler {
  void submit(runtime::runnable&) override {}
  instant now() override { return at; }
  void arm(runtime::timer&, instant due) override {
    trace += "arm" + std::to_string(due.nanoseconds / 1'000'000) + " ";
  }
  bool disarm(runtime::timer&) override {
    trace += "disarm ";
    return true;
  }
  bool keeps_stale_timers() const override { return is_pool; }

  bool is_pool = true;
  instant at{};
  std::string trace;
};

struct limit final : runtime::deadline {
  void expire() noexcept override {}
};

constexpr instant begin{};

}  // namespace

TEST_CASE("a timer stays armed when its limit goes away, and serves a later one") {
  recorder runs;
  limit l;
  l.set(runs, begin + 5_ms);
  l.clear(runs);
  l.set(runs, begin + 7_ms);
  CHECK(runs.trace == "arm5 ");
}

TEST_CASE("a limit that comes earlier than the armed one is armed") {
  recorder runs;
  limit l;
  l.set(runs, begin + 5_ms);
  l.clear(runs);
  l.set(runs, begin + 3_ms);
  CHECK(runs.trace == "arm5 arm3 ");
}

TEST_CASE("a timer that expires before its limit is armed again, and the limit has not come") {
  recorder runs;
  limit l;
  l.set(runs, begin + 5_ms);
  l.clear(runs);
  l.set(runs, begin + 7_ms);
  runs.at = begin + 5_ms;
  l.expired();
  CHECK_FALSE(l.has_come(runs));
  CHECK(runs.trace == "arm5 arm7 ");
  CHECK_FALSE(l.has_come(runs));  // it is armed
  runs.at = begin + 7_ms;
  l.expired();
  CHECK(l.has_come(runs));
  l.expired();  // again, which may happen if the timer was armed anew meanwhile
  CHECK_FALSE(l.has_come(runs));
}

TEST_CASE("a timer that expires when its limit is gone means nothing") {
  recorder runs;
  limit l;
  l.set(runs, begin + 5_ms);
  l.clear(runs);
  runs.at = begin + 5_ms;
  l.expired();
  CHECK_FALSE(l.has_come(runs));
  CHECK(runs.trace == "arm5 ");
}

TEST_CASE("a simulation, where nothing may happen for nothing, disarms") {
  recorder runs;
  runs.is_pool = false;
  limit l;
  l.set(runs, begin + 5_ms);
  l.clear(runs);
  l.clear(runs);
  l.set(runs, begin + 7_ms);
  CHECK(runs.trace == "arm5 disarm arm7 ");
}
