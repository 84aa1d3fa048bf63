#include <doctest/doctest.h>

#include <deque>
#include <espalier/runtime/supervisor_node.hpp>
#include <espalier/testing/virtual_scheduler.hpp>
#include <functional>
#include <string>
#include <thread>

namespace es = espalier;
namespace runtime = es::runtime;
using namespace es::literals;
using runtime::notice_kind;

namespace {

/// A child that only writes down what it is told.
struct recorder final : runtime::node {
  explicit recorder(std::string& all) : trace(all) {}
  runtime::begun_life start() override { return say("start"), runtime::begun_life{++lives}; }
  void stop() override { say("stop"); }
  void kill() override { say("kill"); }
  void park() override {}
  void reopen() override {}
  void run() noexcept override {}
  void say(char const* what) { trace += what + std::to_string(number) + ' '; }

  std::string& trace;
  std::uint32_t number = 0;
  std::uint64_t lives = 0;
};

/// A supervisor over two of these, whose notices come in the order in which the test tells them.
struct desk final : runtime::parent, runtime::observer {
  explicit desk(es::record first, es::record second) : records{{}, first, second} {
    es::record& all = records[0];
    all.supervisor = true;
    all.children = 2;
    all.max_restarts = 9;
    all.end = 3;
    for (std::uint32_t i = 0; i != 2; ++i) {
      records[i + 1].parent = 0;
      records[i + 1].number = children[i].number = i;
    }
    supervisor = std::make_unique<runtime::supervisor_node>(
        runtime::supervisor_wiring{
            .about = &all, .path = "all", .told = this, .runs = &runs, .seen_by = this},
        es::plan::supervisor_rule{.max_restarts = 9});
    for (std::uint32_t i = 0; i != 2; ++i) supervisor->adopt(children[i], records[i + 1], "child");
    supervisor->start();
    work();
  }

  void tell_of(notice_kind what, std::uint32_t child, es::exit_reason why = es::reason::normal) {
    supervisor->tell({.what = what, .child = child, .life = children[child].lives, .why = std::move(why)});
  }
  void work() {
    while (runs.run_one()) {
    }
  }
  void run_for(es::duration d) {
    const es::instant end = runs.now() + d;
    while (runs.next_timer() <= end) {
      runs.move_to(runs.next_timer());
      work();
    }
    runs.move_to(end);
  }
  std::string take() { return std::exchange(trace, {}); }

  void tell(runtime::notice) noexcept override {}
  void take_request(runtime::envelope&, es::plan::child_index) noexcept override {}
  void happened(runtime::event const&) noexcept override {}
  void reported(es::report const& r) noexcept override { trace += std::string(es::word(r.kind)) + ' '; }

  es::testing::virtual_scheduler runs{es::seed{1}};
  std::string trace;
  recorder children[2] = {recorder(trace), recorder(trace)};
  es::record records[3];
  std::unique_ptr<runtime::supervisor_node> supervisor;
};

TEST_CASE("a child that does not stop within its limit is killed") {
  desk d({.shutdown = 100_ms}, {.shutdown = 50_ms});
  d.tell_of(notice_kind::started, 0);
  d.work();
  d.tell_of(notice_kind::started, 1);
  d.supervisor->stop();
  d.work();
  CHECK(d.take() == "start0 start1 stop1 ");
  d.run_for(49_ms);
  CHECK(d.take() == "");
  d.run_for(1_ms);
  CHECK(d.take() == "kill1 ");
  d.tell_of(notice_kind::ended, 1, es::reason::killed);
  d.work();
  CHECK(d.take() == "shutdown_error stop0 ");
  d.run_for(99_ms);
  CHECK(d.take() == "");
  d.run_for(1_ms);
  CHECK(d.take() == "kill0 ");
}

TEST_CASE("a child without a stop limit has all the time, also if a sibling's start was stopped before") {
  desk d({.shutdown = 5_s, .start_limit = 10_ms}, {.shutdown = es::infinity});
  d.tell_of(notice_kind::started, 0);
  d.work();
  d.tell_of(notice_kind::started, 1);
  d.tell_of(notice_kind::ended, 0, es::reason::crashed);
  d.work();
  CHECK(d.take() == "start0 start1 child_terminated start0 ");
  // The limit of the restart comes together with its success, and then a stop of all.
  d.runs.move_to(d.runs.now() + 10_ms);
  d.tell_of(notice_kind::started, 0);
  d.supervisor->stop();
  d.work();
  CHECK(d.take() == "stop0 stop1 ");
  d.tell_of(notice_kind::ended, 0, es::reason::shutdown);
  d.run_for(60_s);
  CHECK(d.take() == "");
}

/// Where a worker does at once what it brings a supervisor.
struct workers final : runtime::scheduler {
  void submit(runtime::runnable& r) override { ready.push_back(&r); }
  bool may_run_here() const override { return true; }
  es::instant now() override { return {1000}; }
  void arm(runtime::timer&, es::instant) override {}
  bool disarm(runtime::timer&) override { return false; }
  void work() {
    while (!ready.empty()) {
      runtime::runnable* const next = ready.front();
      ready.pop_front();
      next->run();
    }
  }
  std::deque<runtime::runnable*> ready;
};

/// A process that starts and stops at once.
struct leaf final : runtime::node {
  runtime::begun_life start() override {
    is_alive = true;
    return {++lives, true};
  }
  void stop() override { end(es::reason::shutdown); }
  void end(es::exit_reason const& why) {
    is_alive = false;
    tell(notice_kind::ended, why);
  }
  void kill() override {}
  void park() override {}
  void reopen() override {}
  void run() noexcept override {}
  void tell(notice_kind what, es::exit_reason const& why) {
    above->tell({.what = what, .child = number, .life = lives, .why = why});
  }

  runtime::parent* above = nullptr;
  std::uint32_t number = 0;
  std::uint64_t lives = 0;
  bool is_alive = false;
};

struct engine final : runtime::parent, runtime::observer {
  void tell(runtime::notice) noexcept override {}
  void take_request(runtime::envelope&, es::plan::child_index) noexcept override {}
  void happened(runtime::event const&) noexcept override {}
  void reported(es::report const& r) noexcept override {
    if (r.kind == es::report_kind::reached_max_restart_intensity) std::exchange(on_giving_up, [] {})();
  }
  std::function<void()> on_giving_up = [] {};
};

/// A supervisor over another one, which has one child, and over a child of its own beside that.
struct two_levels {
  two_levels(es::plan::supervisor_rule outer, es::plan::supervisor_rule of_inner)
      : above({.about = &all, .path = "above", .told = &top, .runs = &runs, .seen_by = &top}, outer),
        below({.about = &inner, .path = "below", .told = &above, .runs = &runs, .seen_by = &top}, of_inner) {
    in.above = &below;
    beside.above = &above;
    beside.number = 1;
    below.adopt(in, first, "in");
    above.adopt(below, inner, "below");
    above.adopt(beside, second, "beside");
    above.start();
  }

  workers runs;
  engine top;
  // Known when the supervisors are made.
  es::record all = supervisor_of(2);
  es::record inner = supervisor_of(1);
  es::record first = {};
  es::record second = number_one();
  runtime::supervisor_node above;
  runtime::supervisor_node below;
  leaf in, beside;

 private:
  static es::record supervisor_of(std::uint32_t children) {
    es::record r;
    r.supervisor = true;
    r.children = children;
    r.shutdown = es::infinity;
    return r;
  }
  static es::record number_one() {
    es::record r;
    r.number = 1;
    return r;
  }
};

TEST_CASE("a supervisor that gives up while it is stopped and started again stops only the life before") {
  two_levels t({.strategy = es::strategy_kind::one_for_all, .max_restarts = 1}, {.max_restarts = 0});
  t.runs.work();
  // Another worker tells of the sibling's end while this one reports that `below` gives up.
  t.top.on_giving_up = [&] { std::thread([&] { t.beside.end(es::reason::crashed); }).join(); };
  t.in.end(es::reason::crashed);
  t.runs.work();
  CHECK(t.in.is_alive);
  CHECK(t.in.lives == 2);
  CHECK(t.beside.is_alive);
  CHECK(t.beside.lives == 2);
}

TEST_CASE("all children of a supervisor restart there and then where nothing of them takes a turn") {
  for (std::uint32_t crashed = 0; crashed != 3; ++crashed) {
    workers runs;
    engine top;
    es::record all;
    all.supervisor = true;
    all.children = 3;
    runtime::supervisor_node above(
        {.about = &all, .path = "above", .told = &top, .runs = &runs, .seen_by = &top},
        {.strategy = es::strategy_kind::one_for_all, .max_restarts = 5});
    es::record records[3];
    leaf children[3];
    for (std::uint32_t i = 0; i != 3; ++i) {
      records[i].number = children[i].number = i;
      records[i].start_limit = 1_s;
      children[i].above = &above;
      above.adopt(children[i], records[i], "child");
    }
    above.start();
    children[crashed].end(es::reason::crashed);
    CHECK(runs.ready.empty());
    for (leaf const& c : children) {
      CHECK(c.lives == 2);
      CHECK(c.is_alive);
    }
    above.stop();
    runs.work();
    for (leaf const& c : children) CHECK_FALSE(c.is_alive);
  }
}

TEST_CASE("a supervisor that is up within its start is heard of next, and needs no turn of the one above") {
  two_levels t({}, {});
  CHECK(t.runs.ready.empty());
  CHECK(t.in.is_alive);
  CHECK(t.beside.is_alive);
  t.above.stop();
  t.runs.work();
  CHECK_FALSE(t.in.is_alive);
}

}  // namespace
