#include <espalier.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <latch>

#include "forked.hpp"

// Functions that do not return, on the pool (SEMANTICS 15-17). They wait for the test, not for a time.

namespace es = espalier;
using namespace es::literals;

namespace {

// First, because ThreadSanitizer does not let a program fork that still has threads.

struct never_returns {
  using needs = es::environment<int>;
  struct go {};
  explicit never_returns(es::context<never_returns>& self) { self.cast<never_returns>(go{}); }
  void handle(go, es::context<never_returns>& self) {
    [[maybe_unused]] const auto written = write(self.environment<int>(), "x", 1);
    for (;;) pause();
  }
};

TEST_CASE("es::run ends a program although a function never returns (SEMANTICS 17, 20)") {
  CHECK(exit_code_of(
            [](int out) {
              return es::run<es::supervisor<es::child<never_returns, es::shutdown<10_ms>>>>(
                  es::with(out), {.workers = 1, .stall_limit = 10_ms, .on_report = nullptr});
            },
            {SIGTERM}) == 0);
}

/// What a test and the processes of its tree share. It outlives both.
struct stage {
  std::promise<void> entered;
  std::promise<void> may_return;
  std::shared_future<void> returns = may_return.get_future().share();
  std::atomic<int> alive{0};
  std::atomic<int> terminated{0};
  std::atomic<int> threw{0};
  std::atomic<int> logged{0};
};
using shared_stage = std::shared_ptr<stage>;

struct logs {
  using needs = es::environment<shared_stage>;
  struct line {};
  struct slow_line {
    explicit slow_line(shared_stage const& on) {
      on->entered.set_value();
      on->returns.wait();
    }
  };
  struct count {
    using reply = int;
  };
  void handle(line, es::context<logs>& self) { ++self.environment<shared_stage>()->logged; }
  void handle(slow_line, es::context<logs>& self) { ++self.environment<shared_stage>()->logged; }
  int handle(count, es::context<logs>& self) { return self.environment<shared_stage>()->logged; }
};

/// Can be made not to return, in each of its functions.
struct stuck {
  using casts = es::processes<logs>;
  using needs = es::environment<shared_stage>;
  struct work {
    using reply = int;
  };
  struct ping {
    using reply = std::uint64_t;
  };
  struct fail {};

  explicit stuck(es::context<stuck>& self) : on(self.environment<shared_stage>()) { ++on->alive; }
  ~stuck() { --on->alive; }

  int handle(work, es::context<stuck>& self) {
    on->entered.set_value();
    on->returns.wait();
    if (!self.stopping()) return 7;
    ++on->threw;
    for (auto attempt : {&stuck::cast_to_logs, &stuck::ask_later, &stuck::watch}) {
      try {
        (this->*attempt)(self);
      } catch (es::quarantined const&) {
        ++on->threw;
      }
    }
    return 7;
  }
  void cast_to_logs(es::context<stuck>& self) { self.cast<logs>(logs::line{}); }
  void ask_later(es::context<stuck>& self) { self.send_after(1_ms, fail{}); }
  void watch(es::context<stuck>& self) { self.link<logs>(); }

  std::uint64_t handle(ping, es::context<stuck>& self) { return self.incarnation(); }
  void handle(fail) { throw std::runtime_error("told to"); }
  void terminate(es::exit_reason const&) { ++on->terminated; }

  shared_stage on;
};

struct other {
  struct ping {
    using reply = int;
  };
  int handle(ping) { return 1; }
};

/// Its crash restarts `stuck`.
struct leader {
  struct fail {};
  void handle(fail) { throw std::runtime_error("told to"); }
};

struct tree : es::supervisor<es::one_for_all, logs, leader, es::child<stuck, es::shutdown<10_ms>>> {};

/// Keeps the words of its reports, and tells of one kind.
struct reports {
  es::settings settings(unsigned workers, es::duration stall_limit = 60_s) {
    return {.workers = workers, .stall_limit = stall_limit, .on_report = [this](es::report const& r) {
              std::lock_guard lock(mutex);
              texts.push_back(r.to_string());
              if (r.kind == awaited) arrived.set_value();
            }};
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex);
    return texts;
  }
  es::report_kind awaited = es::report_kind::returned;
  std::promise<void> arrived;
  std::mutex mutex;
  std::vector<std::string> texts;
};

TEST_CASE("a function that does not return is left behind, and its place answers again (SEMANTICS 17)") {
  for (unsigned workers : {1U, 2U}) {
    const auto on = std::make_shared<stage>();
    reports seen;
    // One worker must be replaced before the supervisor can be told of anything.
    es::system<tree> sys{es::with(on), seen.settings(workers, workers == 1 ? 20_ms : 60_s)};
    auto caller = std::async(std::launch::async, [&] {
      try {
        sys.call<stuck>(stuck::work{}, es::infinity);
        return es::exit_reason();
      } catch (es::call_failed const& e) {
        return e.reason();
      }
    });
    on->entered.get_future().wait();
    sys.cast<leader>(leader::fail{});
    CHECK(caller.get() == es::reason::killed);
    CHECK(sys.call<stuck>(stuck::ping{}) == 2);
    CHECK(on->terminated == 0);  // not in quarantine (14)
    CHECK(on->alive == 2);       // never destroyed while its function runs

    on->may_return.set_value();
    seen.arrived.get_future().wait();
    CHECK(on->alive == 1);
    CHECK(on->threw == 4);   // stopping() was true, and all that it tried threw
    CHECK(on->logged == 0);  // and sent nothing
    CHECK(sys.call<stuck>(stuck::ping{}) == 2);
    sys.stop();
    CHECK(on->alive == 0);
    CHECK(on->terminated == 1);

    auto texts = seen.all();
    std::erase_if(texts, [](auto& t) { return t.starts_with("espalier: stalled\n"); });
    REQUIRE(texts.size() == 4);
    CHECK(texts[0].starts_with("espalier: child_terminated\n"));
    CHECK(
        texts[1] ==
        "espalier: quarantined\n"
        "  supervisor  tree (one_for_all)\n"
        "  child       tree/stuck (permanent), incarnation 1\n"
        "  action      left behind with its incarnation; the process counts as killed, and its place goes on "
        "without it\n");
    CHECK(texts[2].find("reason      killed") != std::string::npos);
    CHECK(texts[3] ==
          "espalier: returned\n"
          "  supervisor  tree (one_for_all)\n"
          "  child       tree/stuck (permanent), incarnation 1\n"
          "  action      its incarnation, which was left behind, is destroyed\n");
  }
}

/// Waits until as many threads as the pool is wide are in its handlers at once.
struct meets {
  struct others {
    std::latch* all;
    using reply = bool;
  };
  bool handle(others m) {
    m.all->arrive_and_wait();
    return true;
  }
};
struct meets_too : es::name_for<meets> {};
struct wide_tree : es::supervisor<tree, meets, es::child<meets_too>> {};

TEST_CASE("the pool keeps its width while a function is left behind (SEMANTICS 16, 17)") {
  const auto on = std::make_shared<stage>();
  reports seen;
  es::system<wide_tree> sys{es::with(on), seen.settings(2)};
  auto caller = std::async(std::launch::async,
                           [&] { CHECK_THROWS_AS(sys.call<stuck>(stuck::work{}), es::call_failed); });
  on->entered.get_future().wait();
  sys.cast<leader>(leader::fail{});
  caller.get();
  std::latch both(2);
  auto one = std::async(std::launch::async, [&] { return sys.call<meets>(meets::others{&both}, 60_s); });
  CHECK(sys.call<meets_too>(meets::others{&both}, 60_s));
  CHECK(one.get());
  on->may_return.set_value();
}

TEST_CASE(
    "a stall is reported with its message, its worker is replaced, and nothing restarts (SEMANTICS 16)") {
  const auto on = std::make_shared<stage>();
  reports seen;
  seen.awaited = es::report_kind::stalled;
  es::system<es::supervisor<es::intensity<0, 5_s>, logs, other, stuck>> sys{es::with(on),
                                                                            seen.settings(1, 20_ms)};
  auto caller = std::async(std::launch::async, [&] { return sys.call<stuck>(stuck::work{}, es::infinity); });
  seen.arrived.get_future().wait();
  CHECK(sys.call<other>(other::ping{}) == 1);  // by the new worker
  on->may_return.set_value();
  CHECK(caller.get() == 7);
  CHECK(sys.call<stuck>(stuck::ping{}) == 1);
  CHECK(on->threw == 0);
  CHECK(seen.all().size() == 1);
  CHECK(seen.all()[0].find(
            "  message     stuck::work\n"
            "  action      another worker takes the place of the one that it runs on; nothing restarts\n") !=
        std::string::npos);
}

/// Stays in a handler that was suspended before.
struct resumed {
  using needs = es::environment<shared_stage>;
  struct work {};
  es::task<void> handle(work, es::context<resumed>& self) {
    co_await self.sleep(1_ms);
    self.environment<shared_stage>()->returns.wait();
  }
};

TEST_CASE("a stall after a suspension is reported with the message, too (SEMANTICS 16)") {
  const auto on = std::make_shared<stage>();
  std::promise<std::string> message;
  es::settings how{.workers = 1, .stall_limit = 20_ms};
  how.on_report = [&](es::report const& r) {
    // A busy machine may have anything else stall.
    if (r.kind == es::report_kind::stalled && r.message) message.set_value(r.to_string());
  };
  es::system<es::supervisor<resumed>> sys{es::with(on), how};
  sys.cast<resumed>(resumed::work{});
  CHECK(message.get_future().get().find("  message     resumed::work\n") != std::string::npos);
  on->may_return.set_value();
}

TEST_CASE(
    "~system returns within its bound, and what still runs is destroyed when it returns (SEMANTICS 17)") {
  const auto on = std::make_shared<stage>();
  const auto before = std::chrono::steady_clock::now();
  std::atomic<int> reported{0};
  std::promise<void> freed;
  {
    const std::shared_ptr<void> everything(nullptr, [&](void*) { freed.set_value(); });
    es::settings how;
    how.workers = 2;
    how.on_report = [&](es::report const&) { ++reported; };
    es::system<tree> sys{es::with(on, everything), how};
    sys.cast<stuck>(stuck::work{});
    on->entered.get_future().wait();
  }
  const int reports_before = reported;
  CHECK(es::shutdown_bound<tree> < 11_s);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(11));
  CHECK(on->alive == 1);
  on->may_return.set_value();
  freed.get_future().wait();  // by its own thread, with all of the system
  CHECK(on->alive == 0);
  CHECK(on->threw == 4);
  CHECK(reported == reports_before);  // a sink is not called after ~system
}

enum class place { constructor, init, terminate, destructor };

template <place Where>
struct stuck_in {
  using needs = es::environment<shared_stage>;
  explicit stuck_in(es::context<stuck_in>& s) : self(s), on(self.template environment<shared_stage>()) {
    stay_in(place::constructor);
  }
  void init() { stay_in(place::init); }
  void terminate() { stay_in(place::terminate); }
  ~stuck_in() {
    stay_in(place::destructor);
    self.template cast<stuck_in>(ping{});  // throws nothing
  }
  struct ping {};
  void handle(ping) {}
  void stay_in(place here) {
    if (here == Where) on->returns.wait();
  }
  es::context<stuck_in>& self;
  shared_stage on;
};

template <place Where>
void starts_and_stops() {
  struct tree_of_one
      : es::supervisor<es::child<stuck_in<Where>, es::start_limit<10_ms>, es::shutdown<10_ms>>> {};
  const auto on = std::make_shared<stage>();
  std::promise<void> freed;
  reports seen;
  {
    const std::shared_ptr<void> everything(nullptr, [&](void*) { freed.set_value(); });
    if constexpr (Where == place::constructor || Where == place::init) {
      try {
        es::system<tree_of_one> sys{es::with(on, everything), seen.settings(1, 20_ms)};
        FAIL("it started");
      } catch (es::start_failed const& e) {
        CHECK(e.reason() == es::reason::timeout);
      }
    } else {
      es::system<tree_of_one> sys{es::with(on, everything), seen.settings(1, 20_ms)};
    }
  }
  const auto quarantined = [](std::string const& text) {
    return text.starts_with("espalier: quarantined\n");
  };
  const auto texts = seen.all();
  CHECK(std::count_if(texts.begin(), texts.end(), quarantined) == 1);
  on->may_return.set_value();
  freed.get_future().wait();
}

TEST_CASE(
    "a constructor, init, terminate and destructor that do not return are left behind, too (SEMANTICS 17)") {
  starts_and_stops<place::constructor>();
  starts_and_stops<place::init>();
  starts_and_stops<place::terminate>();
  starts_and_stops<place::destructor>();
}

/// Sends a message that takes long to build.
struct late_sender {
  using casts = es::processes<logs>;
  using needs = es::environment<shared_stage>;
  struct go {};
  void handle(go, es::context<late_sender>& self) {
    on = self.environment<shared_stage>();
    self.cast<logs, logs::slow_line>(on);
  }
  shared_stage on;
};

TEST_CASE("what takes until after that to be built is not sent (SEMANTICS 17)") {
  struct sending_tree : es::supervisor<logs, es::child<late_sender, es::brutal_kill>> {};
  const auto on = std::make_shared<stage>();
  reports seen;
  es::system<sending_tree> sys{es::with(on), seen.settings(2)};
  sys.cast<late_sender>(late_sender::go{});
  on->entered.get_future().wait();
  CHECK(sys.terminate_child<late_sender>() == es::child_result::ok);
  on->may_return.set_value();
  seen.arrived.get_future().wait();
  CHECK(sys.call<logs>(logs::count{}) == 0);
}

/// Started at run time.
struct guest {
  using needs = es::environment<shared_stage>;
  struct work {};
  struct fail {
    using reply = int;
  };
  struct which {
    using reply = std::uint64_t;
  };
  void handle(work, es::context<guest>& self) {
    self.environment<shared_stage>()->entered.set_value();
    self.environment<shared_stage>()->returns.wait();
  }
  int handle(fail) { throw std::runtime_error("told to"); }
  std::uint64_t handle(which, es::context<guest>& self) { return self.incarnation(); }
};

TEST_CASE("of a dynamic child, too, it is reported which incarnation was left behind (SEMANTICS 17)") {
  struct guests : es::dynamic<es::child<guest, es::brutal_kill>> {};
  const auto on = std::make_shared<stage>();
  reports seen;
  es::system<es::supervisor<guests>> sys{es::with(on), seen.settings(2)};
  const auto first = sys.start_child<guests>();
  CHECK_THROWS_AS(sys.call(first, guest::fail{}), es::call_failed);
  CHECK(sys.call(first, guest::which{}) == 2);
  sys.cast(first, guest::work{});
  on->entered.get_future().wait();
  CHECK(sys.terminate_child(first) == es::child_result::ok);
  const auto second = sys.start_child<guests>();  // in the same place
  CHECK(sys.call(second, guest::which{}) == 1);
  on->may_return.set_value();
  seen.arrived.get_future().wait();
  for (std::string const& text : seen.all()) {
    INFO(text);
    if (text.find("quarantined") != text.npos || text.find("returned") != text.npos) {
      CHECK(text.find("guest (permanent), incarnation 2\n") != text.npos);
    }
  }
}

}  // namespace
