#include <espalier/runtime/timers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace es = espalier;
using namespace es::literals;

namespace {

std::vector<int> expired;

struct noted final : es::runtime::timer {
  explicit noted(int which) : number(which) {}
  void expire() noexcept override { expired.push_back(number); }
  int number;
};

es::instant at(es::duration d) { return es::instant{} + d; }

TEST_CASE("timers expire in order of time, and equal ones in order of arming") {
  expired.clear();
  es::runtime::timer_queue queue;
  noted one(1), two(2), three(3), four(4);
  queue.arm(three, at(3_s));
  queue.arm(one, at(1_s));
  queue.arm(two, at(1_s));
  queue.arm(four, at(9_s));
  CHECK(queue.next() == at(1_s));
  queue.expire(at(5_s));
  CHECK(expired == std::vector{1, 2, 3});
  CHECK(queue.next() == at(9_s));
  CHECK(queue.disarm(four));
  CHECK(queue.next() == es::end_of_time);
}

TEST_CASE("arming answers whether the timer is the first to expire") {
  es::runtime::timer_queue queue;
  noted one(1), two(2);
  CHECK(queue.arm(one, at(2_s)));
  CHECK_FALSE(queue.arm(two, at(3_s)));
  CHECK(queue.arm(two, at(1_s)));  // armed anew
  CHECK(queue.disarm(one));
  CHECK(queue.disarm(two));
}

TEST_CASE("a timer that has expired or was never armed cannot be disarmed") {
  es::runtime::timer_queue queue;
  noted one(1);
  CHECK_FALSE(queue.disarm(one));
  queue.arm(one, at(1_s));
  queue.expire(at(1_s));
  CHECK_FALSE(queue.disarm(one));
}

TEST_CASE("a thousand timers, armed and disarmed in any order, agree with a sorted list") {
  expired.clear();
  es::runtime::timer_queue queue;
  std::vector<std::unique_ptr<noted>> timers;
  std::vector<std::pair<std::int64_t, int>> expected;
  std::uint64_t state = 7;
  auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (int i = 0; i != 1000; ++i) {
    timers.push_back(std::make_unique<noted>(i));
    queue.arm(*timers.back(), at(es::duration{static_cast<std::int64_t>(draw(100))}));
  }
  for (int i = 0; i != 1000; ++i) {
    switch (draw(3)) {
      case 0:
        CHECK(queue.disarm(*timers[static_cast<std::size_t>(i)]));
        break;
      default: {
        const auto due = static_cast<std::int64_t>(draw(100));
        queue.arm(*timers[static_cast<std::size_t>(i)], at(es::duration{due}));
        expected.emplace_back(due, i);
      }
    }
  }
  std::sort(expected.begin(), expected.end());  // arming went by number, so equal times go by number too
  queue.expire(at(1_s));
  REQUIRE(expired.size() == expected.size());
  for (std::size_t i = 0; i != expected.size(); ++i) CHECK(expired[i] == expected[i].second);
}

}  // namespace
