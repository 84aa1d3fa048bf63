#include <doctest/doctest.h>

#include <espalier/runtime/supervisor_node.hpp>
#include <espalier/testing/virtual_scheduler.hpp>
#include <string>

namespace es = espalier;
namespace runtime = es::runtime;
using namespace es::literals;
using runtime::notice_kind;

namespace {

/// A child that only writes down what it is told.
struct recorder final : runtime::node {
  explicit recorder(std::string& all) : trace(all) {}
  std::uint64_t start() override { return say("start"), ++lives; }
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

}  // namespace
