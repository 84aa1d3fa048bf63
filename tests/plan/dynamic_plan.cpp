// What a dynamic supervisor decides, without threads and clocks.
#include <espalier/plan.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace es = espalier;
namespace plan = es::plan;
using namespace es::literals;
using es::restart_kind;

namespace {

/// A plan with its memory, whose orders are written down as text.
struct desk {
  auto writer() {
    return [this](plan::order const& o) {
      constexpr char const* words[] = {"start",     "stop",          "park", "left",       "restarting",
                                       "retry",     "wait",          "done", "misbehaved", "up",
                                       "giving_up", "shutting_down", "ended"};
      if (!said.empty()) said += ' ';
      said += words[static_cast<unsigned char>(o.what)];
      if (o.what == plan::order_kind::ended) {
        said += o.why == plan::ending::gave_up ? ":gave_up" : ":stopped";
      } else if (o.what != plan::order_kind::up) {
        said += std::to_string(o.child);
      }
      if (o.failed) said += o.why == plan::ending::start_failed ? ":failed" : ":interrupted";
      if (o.what == plan::order_kind::wait) {
        said += ":" + std::to_string(o.delay.nanoseconds / 1'000'000) + "ms";
      }
    };
  }
  explicit desk(plan::child_rule child, std::size_t max_restarts = 1, std::uint64_t max_children = 100)
      : ring(max_restarts), decides({.max_restarts = max_restarts}, child, max_children, ring.data()) {
    decides.begin(writer());
    CHECK(take() == "up");
  }

  std::string take() { return std::exchange(said, {}); }

  std::string start() { return decides.start_child(writer()), take(); }
  std::string terminate(unsigned i) { return decides.terminate(i, now, writer()), take(); }
  std::string started(unsigned i) { return decides.started(i, now, writer()), take(); }
  std::string ignored(unsigned i) { return decides.ignored(i, writer()), take(); }
  std::string failed(unsigned i) { return decides.start_failed(i, writer()), take(); }
  std::string retry(unsigned i) { return decides.retry(i, now, writer()), take(); }
  std::string resume(unsigned i) { return decides.resume(i, now, writer()), take(); }
  std::string stop() { return decides.stop(writer()), take(); }
  std::string crashed(unsigned i) { return ended(i, plan::exit_class::abnormal); }
  std::string finished(unsigned i) { return ended(i, plan::exit_class::normal); }
  std::string stopped(unsigned i) { return ended(i, plan::exit_class::shutdown); }
  std::string ended(unsigned i, plan::exit_class why) {
    return decides.child_ended(i, why, now, writer()), take();
  }

  /// Starts that many children.
  desk& with(unsigned children) {
    for (unsigned i = 0; i != children; ++i) {
      start();
      started(i);
    }
    return *this;
  }

  std::vector<es::instant> ring;
  plan::dynamic_plan<std::vector<plan::dynamic_child>> decides;
  es::instant now{};
  std::string said;
};

constexpr plan::child_rule permanent{.restart = restart_kind::permanent};
constexpr plan::child_rule transient{.restart = restart_kind::transient};
constexpr plan::child_rule temporary{.restart = restart_kind::temporary};
constexpr plan::child_rule patient{
    .restart = restart_kind::permanent, .backoff_first = 1_s, .backoff_max = 4_s};

TEST_CASE("children start on request, several at once, and each request is done when its child is up") {
  desk d(permanent);
  CHECK(d.start() == "start0");
  CHECK(d.start() == "start1");
  CHECK(d.started(1) == "done1");
  CHECK(d.started(0) == "done0");
  CHECK(d.decides.count() == 2);
}

TEST_CASE("a child whose first start fails or is declined is gone, and nothing is counted") {
  desk d(permanent, 0);
  d.start();
  CHECK(d.failed(0) == "park0 done0:failed");
  d.start();
  CHECK(d.ignored(0) == "park0 done0");
  CHECK(d.decides.count() == 0);
}

TEST_CASE("a place goes to another child once its child is gone") {
  desk d(temporary);
  d.with(3);
  CHECK(d.finished(1) == "left1");
  CHECK(d.crashed(0) == "left0");
  CHECK(d.start() == "start0");
  CHECK(d.start() == "start1");
  CHECK(d.start() == "start3");
  CHECK(d.decides.count() == 4);
}

TEST_CASE("max_children counts every child, also one that starts or is restarted") {
  desk d(permanent, 1, 2);
  CHECK(!d.decides.is_full());
  d.with(1);
  d.start();
  CHECK(d.decides.is_full());
  d.failed(1);
  CHECK(!d.decides.is_full());
  d.with(2);
  d.crashed(0);
  CHECK(d.decides.is_full());
}

TEST_CASE("who is restarted depends on restart type and reason (B.2)") {
  using c = plan::exit_class;
  struct row {
    plan::child_rule child;
    c why;
    std::string expected;
  };
  for (row const& r : std::vector<row>{{permanent, c::normal, "restarting0 start0"},
                                       {permanent, c::shutdown, "restarting0 start0"},
                                       {permanent, c::abnormal, "restarting0 start0"},
                                       {transient, c::normal, "left0"},
                                       {transient, c::shutdown, "left0"},
                                       {transient, c::abnormal, "restarting0 start0"},
                                       {temporary, c::normal, "left0"},
                                       {temporary, c::shutdown, "left0"},
                                       {temporary, c::abnormal, "left0"}}) {
    CHECK(desk(r.child).with(2).ended(0, r.why) == r.expected);
  }
}

TEST_CASE(
    "all children share one budget, and the restart after the last tolerated one stops them at once (B.6)") {
  desk d(permanent, 2);
  d.with(4);
  CHECK(d.crashed(0) == "restarting0 start0");
  CHECK(d.crashed(1) == "restarting1 start1");
  CHECK(d.started(0) == "");
  CHECK(d.crashed(2) == "giving_up2 park2 stop0 stop1 stop3");
  CHECK(d.stopped(3) == "park3");
  CHECK(d.failed(1) == "park1");
  CHECK(d.stopped(0) == "park0 ended:gave_up");
  CHECK(d.stop() == "");
}

TEST_CASE("a dynamic supervisor that starts anew has a fresh budget and no children (B.10)") {
  desk d(permanent, 1);
  d.with(2).crashed(0);
  d.started(0);
  CHECK(d.crashed(0) == "giving_up0 park0 stop1");
  CHECK(d.stopped(1) == "park1 ended:gave_up");
  d.decides.begin(d.writer());
  CHECK(d.take() == "up");
  CHECK(d.decides.count() == 0);
  d.start();
  d.started(1);
  CHECK(d.crashed(1) == "restarting1 start1");
}

TEST_CASE("restarts that are old enough are forgiven (B.6)") {
  desk d(permanent, 1);
  d.with(1).crashed(0);
  d.started(0);
  d.now = d.now + 6_s;
  CHECK(d.crashed(0) == "restarting0 start0");
}

TEST_CASE("a failed restart is tried again through the queue, and counted each time (B.5)") {
  desk d(permanent, 2);
  CHECK(d.with(2).crashed(0) == "restarting0 start0");
  CHECK(d.failed(0) == "retry0");
  CHECK(d.decides.child(0).now == plan::status::retrying);
  CHECK(d.retry(0) == "restarting0 start0");
  CHECK(d.failed(0) == "retry0");
  CHECK(d.retry(0) == "giving_up0 park0 stop1");
  CHECK(d.stopped(1) == "park1 ended:gave_up");
}

TEST_CASE("a restart that is declined leaves nothing, and is no error") {
  desk d(permanent, 1);
  d.with(1).crashed(0);
  CHECK(d.ignored(0) == "park0");
  CHECK(d.decides.count() == 0);
}

TEST_CASE("a terminate stops a child for good, and is done when it has ended") {
  desk d(permanent);
  d.with(2);
  CHECK(d.terminate(0) == "stop0");
  CHECK(d.decides.child(0).is_asked);
  CHECK(d.stopped(0) == "park0 done0");
  CHECK(d.terminate(1) == "stop1");
  CHECK(d.crashed(1) == "misbehaved1 park1 done1");
}

TEST_CASE("a terminate cancels a retry and a back-off, and stops a restart under way") {
  desk d(patient, 9);
  d.with(1).crashed(0);
  d.failed(0);
  CHECK(d.terminate(0) == "park0 done0");
  CHECK(d.retry(0) == "");

  d.with(1).crashed(0);
  d.started(0);
  CHECK(d.crashed(0) == "restarting0 wait0:1000ms");
  CHECK(d.terminate(0) == "park0 done0");
  CHECK(d.resume(0) == "");

  d.with(1).crashed(0);
  CHECK(d.terminate(0) == "stop0");
  CHECK(d.failed(0) == "park0 done0");
}

TEST_CASE("a stop reaches all children at once, and cancels what waits (B.8)") {
  desk d(patient, 9);
  d.with(4).crashed(1);
  d.failed(1);
  d.crashed(2);
  d.started(2);
  d.crashed(2);
  d.terminate(3);
  CHECK(d.stop() == "stop0 park1 park2");
  CHECK(d.stopped(0) == "park0");
  CHECK(d.stopped(3) == "park3 done3 ended:stopped");
}

TEST_CASE("a stop interrupts a start, whose request has failed then (SEMANTICS 19)") {
  desk d(permanent);
  for (int i = 0; i != 3; ++i) d.start();
  CHECK(d.stop() == "stop0 stop1 stop2");
  CHECK(d.failed(0) == "park0 done0:interrupted");
  CHECK(d.started(1) == "");  // faster than its stop
  CHECK(d.stopped(1) == "park1 done1:interrupted");
  CHECK(d.ignored(2) == "park2 done2:interrupted ended:stopped");
}

TEST_CASE("a supervisor without children ends at once, and one that has ended needs no stop") {
  desk d(permanent);
  CHECK(d.stop() == "ended:stopped");
  CHECK(d.stop() == "");
}

TEST_CASE("a repeated restart waits, twice as long each time, and each child for itself (SEMANTICS 22)") {
  desk d(patient, 99);
  d.with(2);
  CHECK(d.crashed(0) == "restarting0 start0");
  for (std::string wait : {"1000", "2000", "4000", "4000"}) {
    d.started(0);
    CHECK(d.crashed(0) == "restarting0 wait0:" + wait + "ms");
    CHECK(d.resume(0) == "start0");
  }
  CHECK(d.crashed(1) == "restarting1 start1");
  d.started(0);
  d.now = d.now + 5_s;
  CHECK(d.crashed(0) == "restarting0 start0");  // it has lived for a period
}

TEST_CASE("a restart that fails waits before it is tried again (SEMANTICS 22)") {
  desk d(patient, 9);
  d.with(1).crashed(0);
  CHECK(d.failed(0) == "retry0");
  CHECK(d.retry(0) == "restarting0 wait0:1000ms");
}

TEST_CASE("jitter takes up to a quarter of a wait (SEMANTICS 22)") {
  desk d(patient, 9);
  d.with(1).crashed(0);
  d.started(0);
  d.decides.take_jitter(32768);
  CHECK(d.crashed(0) == "restarting0 wait0:875ms");
}

TEST_CASE("the window does not age while a child waits (SEMANTICS 22)") {
  desk d(patient, 3);
  d.with(2).crashed(0);
  d.started(0);
  CHECK(d.crashed(0) == "restarting0 wait0:1000ms");
  d.now = d.now + 10_s;
  CHECK(d.crashed(1) == "restarting1 start1");
  d.started(1);
  SUBCASE("so a fourth restart is one too many") {
    CHECK(d.crashed(1) == "giving_up1 park1 park0 ended:gave_up");
  }
  SUBCASE("and ages once nobody waits") {
    d.resume(0);
    d.started(0);
    d.now = d.now + 6_s;
    CHECK(d.crashed(1) == "restarting1 start1");
  }
}

// --- in the compiler

/// Room for a few children.
struct few {
  constexpr plan::dynamic_child& operator[](std::size_t i) { return at[i]; }
  constexpr plan::dynamic_child const& operator[](std::size_t i) const { return at[i]; }
  constexpr std::size_t size() const { return used; }
  constexpr void push_back(plan::dynamic_child c) { at[used++] = c; }
  plan::dynamic_child at[8]{};
  std::size_t used = 0;
};

/// How many of `children` that crash in turn, each as soon as it runs, are restarted before the supervisor
/// gives up.
constexpr int restarts_of(unsigned children, std::size_t max_restarts) {
  es::instant ring[16]{};
  plan::dynamic_plan<few> decides({.max_restarts = max_restarts}, {}, 8, ring);
  bool gave_up = false;
  int restarts = 0;
  auto orders = [&](plan::order const& o) {
    gave_up = gave_up || o.what == plan::order_kind::giving_up;
    restarts += o.what == plan::order_kind::restarting;
  };
  decides.begin(orders);
  for (unsigned i = 0; i != children; ++i) {
    decides.start_child(orders);
    decides.started(i, {}, orders);
  }
  for (unsigned i = 0;; i = (i + 1) % children) {
    decides.child_ended(i, plan::exit_class::abnormal, {}, orders);
    if (gave_up) return restarts;
    decides.started(i, {}, orders);
  }
}
static_assert(restarts_of(1, 0) == 0);
static_assert(restarts_of(1, 3) == 3);
static_assert(restarts_of(8, 3) == 3);
static_assert(restarts_of(2, 11) == 11);

/// Whether what ends when a supervisor of `children` is stopped is all of them, once each.
constexpr bool stops_all(unsigned children) {
  es::instant ring[1]{};
  plan::dynamic_plan<few> decides({}, {}, 8, ring);
  unsigned stopped[8]{};
  bool ended = false;
  auto orders = [&](plan::order const& o) {
    if (o.what == plan::order_kind::stop) ++stopped[o.child];
    ended = ended || o.what == plan::order_kind::ended;
  };
  decides.begin(orders);
  for (unsigned i = 0; i != children; ++i) decides.start_child(orders);
  decides.stop(orders);
  for (unsigned i = 0; i != children; ++i) {
    if (stopped[i] != 1 || ended) return false;
    decides.child_ended(i, plan::exit_class::shutdown, {}, orders);
  }
  return ended && decides.count() == 0;
}
static_assert(stops_all(0) && stops_all(1) && stops_all(8));

static_assert(sizeof(plan::dynamic_child) <= 16, "there may be a hundred thousand of them");

}  // namespace
