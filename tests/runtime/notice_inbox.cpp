#include <doctest/doctest.h>

#include <espalier/runtime/notice_inbox.hpp>
#include <string>

using namespace espalier;
using runtime::notice_kind;

namespace {

/// Keeps what is submitted, and says whether the caller is a worker.
struct recorder final : runtime::scheduler {
  void submit(runtime::runnable& r) override {
    ++submitted;
    next = &r;
  }
  bool may_run_here() const override { return is_worker; }
  instant now() override { return {}; }
  void arm(runtime::timer&, instant) override {}
  bool disarm(runtime::timer&) override { return false; }

  /// Runs what was submitted.
  void run() { std::exchange(next, nullptr)->run(); }

  bool is_worker = false;
  int submitted = 0;
  runtime::runnable* next = nullptr;
};

/// Writes down what it takes. A `stop` has it told `retry`, and has a child up, at once or not; an
/// `ended` has it told `retry`, as by a timer; and a `start_failed` two ends, as by children that it stops.
/// One of life 1 has it told `retry` before these.
struct supervisor final : runtime::notice_inbox {
  explicit supervisor(recorder& runs) : notice_inbox(runs) {}
  void park() override {}
  void reopen() override {}
  void take(runtime::notice& n) override {
    if (n.what == notice_kind::start) trace += "start ";
    if (n.what == notice_kind::started) trace += "started ";
    if (n.what == notice_kind::retry) trace += "retry ";
    if (n.what == notice_kind::stop) {
      tell({.what = notice_kind::retry});
      if (is_up_at_once) {
        comes_up_next(1);
      } else {
        tell({.what = notice_kind::started});
      }
      trace += "stop ";
    }
    if (n.what == notice_kind::ended && n.life == 0) {
      expire();
      trace += "ended ";
    } else if (n.what == notice_kind::ended) {
      trace += "ended-" + std::to_string(n.child) + ' ';
    }
    if (n.what == notice_kind::start_failed) {
      if (n.life == 1) expire();
      for (plan::child_index i = 1; i != 3; ++i) {
        tell({.what = notice_kind::ended, .child = i, .life = 1});
        CHECK(has_ended_at_once(i) == !is_anything_before);
        CHECK_FALSE(has_ended_at_once(i + 1));
      }
      trace += "start-failed ";
    }
  }
  void take_up(plan::child_index i) override {
    CHECK(i == 1);
    trace += "started ";
  }
  /// As from a timer.
  void expire() { enqueue({.what = notice_kind::retry}); }

  bool is_up_at_once = true;
  bool is_anything_before = false;
  std::string trace;
};

}  // namespace

TEST_CASE("a worker that tells a supervisor at rest something does at once what follows") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = true;
  s.start();
  CHECK(s.trace == "start ");
  CHECK(runs.submitted == 0);
}

TEST_CASE("what a supervisor is told while it is at work comes after that, in a turn of its own") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = true;
  s.tell({.what = notice_kind::ended});
  CHECK(s.trace == "ended ");
  REQUIRE(runs.submitted == 1);
  s.start();  // it is at work until its inbox is empty
  CHECK(s.trace == "ended ");
  runs.run();
  CHECK(s.trace == "ended retry start ");
  CHECK(runs.submitted == 1);
}

TEST_CASE("a child that is up at once is heard of next, and all else in its order") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = true;
  s.stop();
  CHECK(s.trace == "stop started ");
  CHECK(runs.submitted == 1);
  runs.run();
  CHECK(s.trace == "stop started retry ");
  s.trace.clear();
  s.expire();
  s.stop();
  s.start();
  runs.run();
  CHECK(s.trace == "retry stop started start ");
  runs.run();
  CHECK(s.trace == "retry stop started start retry ");
}

TEST_CASE("a child that has ended at once is heard of next, if nothing was there before") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = true;
  s.tell({.what = notice_kind::start_failed});
  CHECK(s.trace == "start-failed ended-1 ended-2 ");
  CHECK(runs.submitted == 0);
}

TEST_CASE("a child that has ended at once is heard of after what is behind in the batch, or has come since") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = s.is_anything_before = true;
  SUBCASE("in the batch") {
    s.expire();
    s.tell({.what = notice_kind::start_failed});
    s.start();
    runs.run();
    CHECK(s.trace == "retry start-failed start ");
    runs.run();
    CHECK(s.trace == "retry start-failed start ended-1 ended-2 ");
  }
  SUBCASE("since") {
    s.tell({.what = notice_kind::start_failed, .life = 1});
    CHECK(s.trace == "start-failed ");
    runs.run();
    CHECK(s.trace == "start-failed retry ended-1 ended-2 ");
  }
}

TEST_CASE("a child that is up later is heard of in its order") {
  recorder runs;
  supervisor s(runs);
  s.is_up_at_once = false;
  s.stop();
  s.start();
  runs.run();
  CHECK(s.trace == "stop start ");
  REQUIRE(runs.submitted == 2);
  runs.run();
  CHECK(s.trace == "stop start retry started ");
}

TEST_CASE("what comes to a supervisor that one worker has told thousands of things keeps its order") {
  recorder runs;
  supervisor s(runs);
  runs.is_worker = true;
  for (int i = 0; i != 5'000; ++i) s.start();
  CHECK(runs.submitted == 0);
  s.trace.clear();
  SUBCASE("a timer, in between") {
    s.expire();
    s.start();
  }
  SUBCASE("a timer, in its turn") {
    s.tell({.what = notice_kind::ended});
    CHECK(s.trace == "ended ");
    s.trace.clear();
    s.start();
  }
  SUBCASE("the supervisor itself") {
    s.stop();
    CHECK(s.trace == "stop started ");
    s.trace.clear();
    s.start();
  }
  CHECK(s.trace.empty());
  REQUIRE(runs.submitted == 1);
  runs.run();
  CHECK(s.trace == "retry start ");
  CHECK(runs.submitted == 1);
}

TEST_CASE("other threads and timers only have a supervisor submitted") {
  recorder runs;
  supervisor s(runs);
  s.start();
  CHECK(s.trace.empty());
  REQUIRE(runs.submitted == 1);
  runs.run();
  CHECK(s.trace == "start ");
  runs.is_worker = true;
  s.expire();
  CHECK(s.trace == "start ");
  REQUIRE(runs.submitted == 2);
  runs.run();
  CHECK(s.trace == "start retry ");
}
