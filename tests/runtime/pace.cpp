#include <espalier/runtime/pace.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using es::runtime::pace;
using es::runtime::pace_meter;
using namespace es::literals;

namespace {

/// A worker with a clock of its own.
struct worker {
  pace_meter meter;
  es::instant now{};

  worker() { meter.measure(now); }
  pace handles(int messages, es::duration each) {
    now = now + each * messages;
    meter.count(messages);
    meter.measure(now);
    return meter.messages_take();
  }
};

TEST_CASE("nothing is known of a worker that has not measured") {
  pace_meter meter;
  meter.count(3);
  CHECK(meter.messages_take() == pace::unknown);
  meter.measure({5});  // since when?
  CHECK(meter.messages_take() == pace::unknown);
}

TEST_CASE("messages are shared from two microseconds on") {
  worker w;
  CHECK(w.handles(100, es::duration{100}) == pace::little);
  CHECK(w.handles(100, es::duration{1'999}) == pace::little);
  CHECK(w.handles(100, es::duration{2'000}) == pace::long_enough);
}

TEST_CASE("what sharing itself costs does not keep short messages shared") {
  worker w;
  REQUIRE(w.handles(1, 1_ms) == pace::long_enough);  // one slow moment
  CHECK(w.handles(100, es::duration{5'000}) == pace::little);
  REQUIRE(w.handles(1, 1_ms) == pace::long_enough);
  CHECK(w.handles(100, es::duration{6'000}) == pace::long_enough);  // long without that, too
}

TEST_CASE("what a worker does beside messages is not counted for their time") {
  worker w;
  REQUIRE(w.handles(100, es::duration{100}) == pace::little);
  w.meter.pause();
  w.now = w.now + 1_s;
  CHECK(w.handles(1, 1_ms) == pace::little);  // the old judgement, since the time before is not known
  CHECK(w.handles(1, 1_ms) == pace::long_enough);
}

}  // namespace
