#include <doctest/doctest.h>

#include "store.hpp"

// A slow handler stands for a function that does not return. On threads: tests/system/quarantine.cpp.

namespace {

TEST_CASE("a handler that is busy beyond the limit of its stop is left behind (SEMANTICS 17)") {
  struct root : es::supervisor<es::child<logs, es::shutdown<1_s>>> {};
  es::simulation<root> sim;
  sim.slow<logs>(3_s);
  sim.cast<logs>(logs::line{"x"});
  sim.run_until_idle();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 1100_ms);
  CHECK(sim.reports().at(0).find("quarantined") != std::string::npos);
  CHECK(sim.broken().empty());
}

/// Says what becomes of its use of the context.
struct slow_one {
  using casts = es::processes<logs>;
  using calls = es::processes<database>;
  struct work {
    using reply = int;
  };
  struct which {
    using reply = std::uint64_t;
  };
  es::task<int> handle(work, es::context<slow_one>& self) {
    try {
      self.cast<logs, logs::line>("too late");
    } catch (es::quarantined const&) {
      ++refused;
    }
    try {
      co_await self.call<database, database::fetch>("k");
    } catch (es::quarantined const&) {
      ++refused;
    }
    self.send_after(1_s, which{});  // what it throws is thrown at nobody
    co_return 1;
  }
  std::uint64_t handle(which, es::context<slow_one>& self) { return self.incarnation(); }
  ~slow_one() { --alive; }
  slow_one() { ++alive; }
  static inline int alive = 0;
  static inline int refused = 0;
};

struct root : es::supervisor<es::one_for_all, logs, database, cache, es::child<slow_one, es::brutal_kill>> {};

TEST_CASE(
    "what is left behind sends nothing, and is destroyed once its function has returned (SEMANTICS 15, 17)") {
  slow_one::refused = 0;
  es::simulation<root> sim;
  sim.slow<slow_one, slow_one::work>(10_s);
  es::exit_reason why;
  sim.crash<cache>(es::at{1_s});
  try {
    sim.call<slow_one>(slow_one::work{}, es::infinity);
  } catch (es::call_failed const& e) {
    why = e.reason();
  }
  CHECK(why == es::reason::killed);
  CHECK(sim.elapsed() == 1100_ms);  // brutal_kill waits 100 ms for a running function
  CHECK(sim.call<slow_one>(slow_one::which{}) == 2);
  CHECK(slow_one::alive == 2);
  CHECK(sim.contains(es::trace{}.crashed<cache>().ended<slow_one>(es::reason::killed).started<slow_one>()));

  sim.run_for(20_s);
  CHECK(slow_one::alive == 1);
  CHECK(slow_one::refused == 2);
  CHECK(sim.call<logs>(logs::count{}) == 0);
  CHECK(sim.call<slow_one>(slow_one::which{}) == 2);
  CHECK(sim.reports().back().starts_with("espalier: returned\n"));
  CHECK(sim.broken().empty());
  sim.stop();
  CHECK(slow_one::alive == 0);
}

TEST_CASE("a tree may end before a function that it left behind returns (SEMANTICS 17)") {
  es::simulation<root> sim;
  sim.slow<slow_one, slow_one::work>(10_s);
  sim.cast<slow_one>(slow_one::work{});
  sim.run_until_idle();
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken() == std::vector<std::string>{});
  CHECK(slow_one::alive == 1);
}

/// Uses its context in every destructor: its own, that of a handler's frame, and that of one unwound.
struct tidy {
  using casts = es::processes<logs>;
  struct hold {
    using reply = int;
  };
  struct tick {};
  struct guard {
    ~guard() {
      self.cancel(timer);
      self.demonitor({1});
      self.send_after(1_s, tick{});
      self.cast<logs, logs::line>("gone");
    }
    es::context<tidy>& self;
    es::timer_id timer;
  };
  explicit tidy(es::context<tidy>& self) : g{self, self.send_after(1_h, tick{})} {}
  es::task<int> handle(hold, es::context<tidy>& self) {
    const guard of_handler{self, g.timer};
    self.cast<logs, logs::line>("held");
    co_await self.sleep(1_h);
    co_return 1;
  }
  void handle(tick) {}
  guard g;
};

TEST_CASE("destructors of what is left behind may use the context, and send nothing (SEMANTICS 17)") {
  struct tree : es::supervisor<logs, es::child<tidy, es::brutal_kill>> {};
  es::simulation<tree> sim;
  sim.cast<tidy>(tidy::hold{});
  sim.run_until_idle();
  CHECK(sim.restart_group<tidy>() == es::child_result::ok);
  CHECK(sim.call<logs>(logs::count{}) ==
        3);  // of one that is ended: by the handler, its guard, and the process

  sim.slow<tidy>(10_s);
  sim.cast<tidy>(tidy::hold{});
  sim.run_until_idle();
  CHECK(sim.restart_group<tidy>() == es::child_result::ok);
  sim.run_for(20_s);
  CHECK(sim.reports().back().starts_with("espalier: returned\n"));
  CHECK(sim.call<logs>(logs::count{}) == 3);
  CHECK(sim.broken().empty());
}

/// Terminates for ever.
struct unending {
  using casts = es::processes<logs>;
  explicit unending(es::context<unending>& s) : self(s) {}
  ~unending() { self.cast<logs, logs::line>("gone"); }
  es::task<void> terminate(es::exit_reason const&) {
    const unending_guard of_terminate{self};
    co_await self.sleep(es::infinity);
  }
  struct unending_guard {
    ~unending_guard() { self.cast<logs, logs::line>("gone"); }
    es::context<unending>& self;
  };
  es::context<unending>& self;
};

TEST_CASE("destructors may use the context also when a simulation is destroyed before its tree has ended") {
  struct tree : es::supervisor<logs, es::child<unending, es::shutdown<es::infinity>>> {};
  es::simulation<tree> sim;
  sim.stop();
  CHECK(!sim.ended());
}

/// Stops waiting for an answer, and is busy when that comes.
struct impatient {
  using calls = es::processes<database>;
  struct ask {};
  struct work {};
  es::task<void> handle(ask, es::context<impatient>& self) {
    static_cast<void>(co_await self.try_call_for<database, database::fetch>(1_s, "k"));
  }
  void handle(work) {}
};

TEST_CASE("an answer that comes late to a process that is left behind is dropped (SEMANTICS 7, 17)") {
  struct tree : es::supervisor<database, es::child<impatient, es::shutdown<1_s>>> {};
  es::simulation<tree> sim;
  sim.slow<database>(2_s);
  sim.slow<impatient, impatient::work>(10_s);
  sim.cast<impatient>(impatient::ask{});
  sim.cast<impatient>(impatient::work{});
  sim.run_for(3_s);
  CHECK(sim.terminate_child<impatient>() == es::child_result::ok);
  CHECK(sim.reports().at(0).starts_with("espalier: quarantined\n"));
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken() == std::vector<std::string>{});
}

/// Ends the database a second later.
struct leader {
  using calls = es::processes<database>;
  struct end {};
  es::task<void> handle(end, es::context<leader>& self) {
    co_await self.sleep(1_s);
    static_cast<void>(co_await self.terminate_child<database>());
  }
};

TEST_CASE("a stand-in may be left behind, and its caller is told (SEMANTICS 17)") {
  struct inner : es::supervisor<es::child<database, es::shutdown<1_s>>> {};
  struct tree : es::supervisor<inner, leader> {};
  es::simulation<tree> sim;
  sim.replace<database>(
      [asked = 0](database::fetch) mutable { return std::optional(std::to_string(++asked)); });
  sim.restart_group<database>();
  sim.slow<database>(10_s);
  sim.cast<leader>(leader::end{});
  CHECK(sim.try_call<database>(database::fetch{"k"}).reason() == es::reason::killed);
  sim.slow<database>(0_s);
  CHECK(sim.restart_child<database>() == es::child_result::ok);
  CHECK(sim.call<database>(database::fetch{"k"}) == "1");
  sim.run_for(20_s);
  CHECK(sim.reports().back().starts_with("espalier: returned\n"));
  CHECK(sim.call<database>(database::fetch{"k"}) == "2");  // the one that was left behind has not taken part
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken() == std::vector<std::string>{});
}

}  // namespace
