#include <espalier/runtime/timer_wheel.hpp>

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

TEST_CASE_TEMPLATE("timers expire in order of time, and equal ones in order of arming", queue_type,
                   es::runtime::timer_queue, es::runtime::timer_wheel) {
  expired.clear();
  queue_type queue;
  noted one(1), two(2), three(3), four(4);
  queue.arm(three, at(3_s));
  queue.arm(one, at(1_s));
  queue.arm(two, at(1_s));
  queue.arm(four, at(9_s));
  CHECK(queue.next() <= at(1_s));
  queue.expire(at(5_s));
  CHECK(expired == std::vector{1, 2, 3});
  CHECK(queue.next() > at(5_s));
  CHECK(queue.next() <= at(9_s));
  CHECK(queue.disarm(four));
  queue.expire(at(6_s));
  CHECK(queue.next() == es::end_of_time);
}

TEST_CASE_TEMPLATE("arming answers whether the timer is the first to expire", queue_type,
                   es::runtime::timer_queue, es::runtime::timer_wheel) {
  queue_type queue;
  noted one(1), two(2);
  CHECK(queue.arm(one, at(2_s)));
  CHECK_FALSE(queue.arm(two, at(3_s)));
  CHECK(queue.arm(two, at(1_s)));  // armed anew
  CHECK(queue.disarm(one));
  CHECK(queue.disarm(two));
}

TEST_CASE_TEMPLATE("a timer that has expired or was never armed cannot be disarmed", queue_type,
                   es::runtime::timer_queue, es::runtime::timer_wheel) {
  queue_type queue;
  noted one(1);
  CHECK_FALSE(queue.disarm(one));
  queue.arm(one, at(1_s));
  queue.expire(at(1_s));
  CHECK_FALSE(queue.disarm(one));
}

TEST_CASE_TEMPLATE("a thousand timers, armed and disarmed in any order, agree with a sorted list", queue_type,
                   es::runtime::timer_queue, es::runtime::timer_wheel) {
  expired.clear();
  queue_type queue;
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

TEST_CASE_TEMPLATE("timers near and far expire once, neither early nor late, whatever steps time takes",
                   queue_type, es::runtime::timer_queue, es::runtime::timer_wheel) {
  struct dated final : es::runtime::timer {
    void expire() noexcept override { ++times; }
    es::instant due;
    int times = 0;
  };
  std::uint64_t state = 11;
  auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 11) % below;
  };
  for (int round = 0; round != 20; ++round) {
    queue_type queue;
    es::instant now = at(es::duration{static_cast<std::int64_t>(draw(std::uint64_t{1} << 50))});
    std::vector<dated> timers(500);
    for (dated& t : timers) {  // from nanoseconds to weeks
      t.due = now + es::duration{static_cast<std::int64_t>(draw(std::uint64_t{1} << (8 + draw(43))))};
      queue.arm(t, t.due);
    }
    while (queue.size() != 0) {
      REQUIRE(queue.next() != es::end_of_time);
      // To the next one, or on the way to it, or past it.
      const std::int64_t to_next = std::max<std::int64_t>((queue.next() - now).nanoseconds, 1);
      now = now + es::duration{1 + static_cast<std::int64_t>(draw(2 * static_cast<std::uint64_t>(to_next)))};
      queue.expire(now);
      for (dated const& t : timers) CHECK(t.times == (t.due <= now ? 1 : 0));
    }
    CHECK(queue.next() == es::end_of_time);
  }
}

TEST_CASE("a wheel wakes its sleeper once for a timer, however far off") {
  es::runtime::timer_wheel wheel;
  noted one(1), two(2);
  expired.clear();
  wheel.expire(at(1234567_s));
  wheel.arm(one, at(1234567_s) + 100_ms);
  wheel.arm(two, at(1234567_s) + 1_h);
  wheel.expire(at(1234567_s));
  CHECK(wheel.next() == at(1234567_s) + 100_ms);
  wheel.expire(wheel.next());
  CHECK(wheel.next() == at(1234567_s) + 1_h);
  wheel.expire(wheel.next());
  CHECK(expired == std::vector{1, 2});
}

TEST_CASE("a wheel knows exactly when the next of eight timers is due, and of nine when they begin to be") {
  for (int many : {8, 9}) {
    es::runtime::timer_wheel wheel;
    wheel.expire(at(1234567_s));
    std::vector<std::unique_ptr<noted>> timers;
    for (int i = 0; i != many; ++i)
      wheel.arm(*timers.emplace_back(std::make_unique<noted>(i)), at(1234567_s) + 1_h);
    wheel.expire(at(1234567_s));
    CHECK((wheel.next() == at(1234567_s) + 1_h) == (many == 8));
    CHECK(wheel.next() <= at(1234567_s) + 1_h);
  }
}

TEST_CASE("a wheel wakes its sleeper a few times for many timers that are far off, and not more") {
  for (es::duration far : {10_ms, 5_s, 10_min, 1_h * 24 * 365}) {
    expired.clear();
    es::runtime::timer_wheel wheel;
    std::vector<std::unique_ptr<noted>> timers;
    es::instant now = at(1234567_s);
    wheel.expire(now);
    for (int i = 0; i != 20; ++i) wheel.arm(*timers.emplace_back(std::make_unique<noted>(i)), now + far);
    int wakes = 0;
    while (expired.empty()) {
      REQUIRE(wheel.next() >= now);
      now = wheel.next();
      wheel.expire(now);
      ++wakes;
    }
    CHECK(now == at(1234567_s) + far);
    CHECK(wakes <= 8);
  }
}

}  // namespace
