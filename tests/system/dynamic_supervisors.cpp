// Supervisors that are started at run time, each with its own subtree.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct count {
  using reply = int;
};
struct crash {};
struct finish {};

struct ledger {
  int handle(count) { return ++calls; }
  void handle(crash) { throw std::runtime_error("crash"); }
  int calls = 0;
};
struct store {
  int handle(count) { return ++calls; }
  void handle(crash) { throw std::runtime_error("crash"); }
  int calls = 0;
};
struct front {
  using calls = es::processes<store, ledger>;
  struct ask_ledger {
    using reply = int;
  };
  es::task<int> handle(count, es::context<front>& self) { co_return co_await self.call<store, count>(); }
  es::task<int> handle(ask_ledger, es::context<front>& self) {
    co_return co_await self.call<ledger, count>();
  }
  void handle(crash) { throw std::runtime_error("crash"); }
  void handle(finish, es::context<front>& self) { self.stop(); }
};

struct group : es::supervisor<es::rest_for_one, store, front> {};
struct groups : es::dynamic<es::child<group, es::temporary>, es::max_children<3>> {};
struct lasting_groups : es::dynamic<group, es::intensity<1, 5_s>> {};
struct app : es::supervisor<ledger, groups, lasting_groups> {};

TEST_CASE("a supervisor is started as a child, with all below it, in order") {
  es::simulation<app> sim;
  const es::ref<group> g = sim.start_child<groups>();
  CHECK(g);
  CHECK(sim.matches(es::trace{}.started<store>().started<front>().started<group>()));
  CHECK(sim.count_children<groups>() == es::child_counts{1, 1, 1, 0});
  const auto all = sim.which_children<groups>();
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == es::id_of<group>);
  CHECK(all[0].is_supervisor);
  CHECK(all[0].incarnation == 1);
  static_assert(es::process_count<app> == 1);
  static_assert(es::start_order<app> == es::ordered_processes<ledger>{});
  static_assert(es::shutdown_bound<app> == 25_s);
}

TEST_CASE("names inside lead to processes of the same child, and others further up") {
  es::simulation<app> sim;
  const auto a = sim.start_child<groups>();
  const auto b = sim.start_child<groups>();
  CHECK(sim.call(a.member<front>(), count{}) == 1);
  CHECK(sim.call(a.member<front>(), count{}) == 2);
  CHECK(sim.call(b.member<front>(), count{}) == 1);
  CHECK(sim.call(a.member<store>(), count{}) == 3);
  CHECK(sim.call(b.member<front>(), front::ask_ledger{}) == 1);
  CHECK(sim.call<ledger>(count{}) == 2);
}

/// What has happened since the last call.
template <class Do>
es::trace trace_of(es::simulation<app>& sim, Do what) {
  const std::size_t before = sim.trace().steps().size();
  what();
  sim.run_until_idle();
  es::trace out;
  const es::trace now = sim.trace();
  auto const& all = now.steps();
  for (std::size_t i = before; i != all.size(); ++i) out.add(all[i]);
  return out;
}

TEST_CASE("a crash inside a child restarts by the strategy there, and touches no other child") {
  es::simulation<app> sim;
  const auto a = sim.start_child<groups>();
  const auto b = sim.start_child<groups>();
  CHECK(sim.call(b.member<front>(), count{}) == 1);
  CHECK(trace_of(sim, [&] { sim.cast(a.member<front>(), crash{}); }) ==
        es::trace{}.crashed<front>().started<front>());
  sim.run_for(6_s);
  CHECK(trace_of(sim, [&] { sim.cast(a.member<store>(), crash{}); }) ==
        es::trace{}.crashed<store>().stopped<front>().started<store>().started<front>());
  CHECK(sim.call(a.member<front>(), count{}) == 1);
  CHECK(sim.call(b.member<front>(), count{}) == 2);
  CHECK(sim.broken().empty());
}

TEST_CASE("each child has a budget of its own, and a temporary one that gives up is forgotten") {
  es::simulation<app> sim;
  const auto a = sim.start_child<groups>();
  const auto b = sim.start_child<groups>();
  for (auto const& g : {a, b}) {
    sim.cast(g.member<front>(), crash{});
    sim.run_until_idle();
  }
  CHECK(sim.count_children<groups>().active == 2);
  const auto third = trace_of(sim, [&] { sim.cast(a.member<front>(), crash{}); });
  CHECK(third == es::trace{}.crashed<front>().gave_up<group>().stopped<store>().stopped<group>());
  CHECK(sim.count_children<groups>() == es::child_counts{1, 1, 1, 0});
  CHECK(sim.try_call(a.member<store>(), count{}).reason() == es::reason::noproc);
  CHECK(sim.terminate_child(a) == child_result::not_found);
  CHECK(sim.call(b.member<store>(), count{}) == 1);
  CHECK(sim.broken().empty());
}

TEST_CASE("a permanent child that gives up is restarted, and its ref leads to it again") {
  es::simulation<app> sim;
  const auto g = sim.start_child<lasting_groups>();
  sim.cast(g.member<front>(), crash{});
  sim.run_until_idle();
  const auto again = trace_of(sim, [&] { sim.cast(g.member<front>(), crash{}); });
  CHECK(again == es::trace{}
                     .crashed<front>()
                     .gave_up<group>()
                     .stopped<store>()
                     .stopped<group>()
                     .started<store>()
                     .started<front>()
                     .started<group>());
  CHECK(sim.call(g.member<front>(), count{}) == 1);
  CHECK(sim.which_children<lasting_groups>().at(0).incarnation == 2);
  for (int i = 0; i != 2; ++i) {
    sim.cast(g.member<front>(), crash{});
    sim.run_until_idle();
  }
  // The second restart of a child within the period: all end, and none is started again.
  CHECK(sim.contains(
      es::trace{}.gave_up<lasting_groups>().stopped<lasting_groups>().started<lasting_groups>()));
  CHECK(sim.count_children<lasting_groups>() == es::child_counts{});
  CHECK(sim.try_call(g.member<front>(), count{}).reason() == es::reason::noproc);
}

TEST_CASE("a stale ref reaches nobody, also where another child has the place") {
  es::simulation<app> sim;
  const auto old = sim.start_child<groups>();
  const auto old_front = old.member<front>();
  CHECK(trace_of(sim, [&] { CHECK(sim.terminate_child(old) == child_result::ok); }) ==
        es::trace{}.stopped<front>().stopped<store>().stopped<group>());
  CHECK(sim.terminate_child(old) == child_result::not_found);
  const auto next = sim.start_child<groups>();
  CHECK(next != old);
  for (auto const& r : {old_front, old.member<front>()}) {
    CHECK(sim.try_call(r, count{}).reason() == es::reason::noproc);
    sim.cast(r, crash{});
    CHECK(sim.terminate_child(r) == child_result::not_found);
  }
  CHECK(sim.terminate_child(old) == child_result::not_found);
  sim.run_until_idle();
  CHECK(sim.call(next.member<front>(), count{}) == 1);
  CHECK(sim.which_children<groups>().at(0).incarnation == 1);
  CHECK(!es::ref<group>().member<front>());
}

TEST_CASE(
    "a process inside is terminated through its ref as a static one, and restarts with its siblings "
    "(SEMANTICS 4)") {
  es::simulation<app> sim;
  const auto g = sim.start_child<groups>();
  CHECK(sim.terminate_child(g.member<front>()) == child_result::ok);
  CHECK(sim.try_call(g.member<front>(), count{}).reason() == es::reason::noproc);
  CHECK(sim.call(g.member<store>(), count{}) == 1);
  sim.cast(g.member<store>(), crash{});
  sim.run_until_idle();
  CHECK(sim.call(g.member<front>(), count{}) == 1);
  CHECK(sim.count_children<groups>() == es::child_counts{1, 1, 1, 0});
}

TEST_CASE("a process inside that has ended before the others is another child's when these are") {
  es::simulation<app> sim;
  const auto old = sim.start_child<groups>();
  const auto old_front = old.member<front>();
  CHECK(sim.terminate_child(old_front) == child_result::ok);
  CHECK(sim.terminate_child(old) == child_result::ok);
  const auto next = sim.start_child<groups>();
  CHECK(sim.call(next.member<front>(), count{}) == 1);
  CHECK(sim.terminate_child(next.member<store>()) == child_result::ok);
  CHECK(sim.terminate_child(next) == child_result::ok);
  const auto last = sim.start_child<groups>();
  CHECK(sim.call(last.member<front>(), count{}) == 1);
  CHECK(last != next);
  CHECK(sim.try_call(old_front, count{}).reason() == es::reason::noproc);
  CHECK(sim.terminate_child(next) == child_result::not_found);
}

TEST_CASE("max_children counts children, however many processes they have") {
  es::simulation<app> sim;
  for (int i = 0; i != 3; ++i) sim.start_child<groups>();
  CHECK_THROWS_AS(sim.start_child<groups>(), es::call_failed);
  CHECK(sim.count_children<groups>() == es::child_counts{3, 3, 3, 0});
}

// --- stops

template <int N>
struct sleeper {
  es::task<void> terminate(es::exit_reason const&, es::context<sleeper>& self) { co_await self.sleep(1_s); }
};
struct slow_group
    : es::supervisor<es::child<sleeper<1>, es::shutdown<2_s>>, es::child<sleeper<2>, es::shutdown<2_s>>> {};
struct slow_groups : es::dynamic<es::child<slow_group, es::temporary>> {};
struct slow_app : es::supervisor<slow_groups> {};

TEST_CASE("children stop side by side, and each in its order (SEMANTICS 27)") {
  es::simulation<slow_app> sim;
  for (int i = 0; i != 10; ++i) sim.start_child<slow_groups>();
  const es::duration before = sim.elapsed();
  sim.stop();
  CHECK(sim.elapsed() - before == 2_s);
  static_assert(es::shutdown_bound<slow_app> == 4_s);
  std::size_t first = 0;
  std::size_t second = 0;
  const es::trace trace = sim.trace();
  for (auto const& step : trace.steps()) {
    if (step.what != es::runtime::event_kind::ended) continue;
    if (step.name == es::id_of<sleeper<1>>) CHECK(++first <= second);
    if (step.name == es::id_of<sleeper<2>>) ++second;
  }
  CHECK(first == 10);
  CHECK(second == 10);
  sim.audit_end();
  CHECK(sim.broken().empty());
}

// --- starts that fail

struct fails {
  fails() { throw std::runtime_error("no disk"); }
};
struct broken_group : es::supervisor<store, fails> {};
struct broken_groups : es::dynamic<broken_group> {};
struct broken_app : es::supervisor<broken_groups> {};

TEST_CASE("a child that does not start leaves nothing, and the answer says which process it was") {
  es::simulation<broken_app> sim;
  try {
    sim.start_child<broken_groups>();
    FAIL("it started");
  } catch (es::call_failed const& failed) {
    CHECK(failed.reason() == es::reason::shutdown);
    REQUIRE(failed.reason().cause() != nullptr);
    CHECK(failed.reason().cause()->to_string() == "crashed: std::runtime_error: no disk");
  }
  CHECK(sim.matches(es::trace{}.started<store>().stopped<store>()));
  CHECK(sim.count_children<broken_groups>() == es::child_counts{});
  CHECK(!sim.gave_up());
}

// --- transient children, and such that shut themselves down

struct passing_group
    : es::supervisor<es::auto_shutdown_any, store, es::child<front, es::transient, es::significant>> {};
struct transients : es::dynamic<es::child<passing_group, es::transient>> {};
struct transient_app : es::supervisor<ledger, transients> {};

TEST_CASE("a transient child that shuts itself down is not restarted") {
  es::simulation<transient_app> sim;
  const auto g = sim.start_child<transients>();
  sim.cast(g.member<front>(), finish{});
  sim.run_until_idle();
  CHECK(sim.count_children<transients>() == es::child_counts{});
  CHECK(sim.reports().empty());
  CHECK(sim.try_call(g.member<store>(), count{}).reason() == es::reason::noproc);
}

// --- from a process

struct user {
  using starts = es::processes<groups>;
  struct use {
    using reply = int;
  };
  struct leave {
    using reply = int;
  };
  es::task<int> handle(use, es::context<user>& self) {
    mine = co_await self.start_child<groups>();
    const int n = co_await self.call(mine.member<front>(), count{});
    self.monitor(mine.member<front>());
    co_return n;
  }
  es::task<int> handle(leave, es::context<user>& self) {
    const auto r = co_await self.terminate_child(mine);
    co_return r == child_result::ok ? 1 : 0;
  }
  int handle(count) { return downs; }
  void handle(es::down<front> d) { downs += d.reason == es::reason::shutdown ? 1 : 100; }
  es::ref<group> mine;
  int downs = 0;
};
struct user_app : es::supervisor<ledger, groups, user> {};

TEST_CASE("a process starts, uses, watches and ends a child that is a supervisor") {
  es::simulation<user_app> sim;
  CHECK(sim.call<user>(user::use{}) == 1);
  CHECK(sim.call<user>(user::leave{}) == 1);
  CHECK(sim.call<user>(count{}) == 1);
  CHECK(sim.call<user>(user::leave{}) == 0);
  static_assert(es::exposed<user_app, ledger> == es::processes<ledger, user>{});
}

TEST_CASE("a tree with such children survives a crash of every process at every message") {
  const auto report = es::crash_everywhere<user_app>([](es::simulation<user_app>& sim) {
    sim.call<user>(user::use{});
    sim.call<user>(user::leave{});
    sim.call<user>(user::use{});
  });
  CHECK(report);
  CHECK(report.tried() >= 12);  // 3 messages of the user, 2 of a front, 2 of a store, before and after each
}

// --- children inside children

struct nested : es::dynamic<es::child<store, es::temporary>> {};
struct starter {
  using starts = es::processes<nested>;
  es::task<int> handle(count, es::context<starter>& self) {
    const auto r = co_await self.start_child<nested>();
    co_return co_await self.call(r, count{});
  }
};
struct room : es::supervisor<nested, starter> {};
struct rooms : es::dynamic<es::child<room, es::temporary>> {};
struct house : es::supervisor<rooms> {};

TEST_CASE("a child may have dynamic children of its own, which end with it") {
  es::simulation<house> sim;
  const auto a = sim.start_child<rooms>();
  const auto b = sim.start_child<rooms>();
  CHECK(sim.call(a.member<starter>(), count{}) == 1);
  CHECK(sim.call(a.member<starter>(), count{}) == 1);
  CHECK(sim.call(b.member<starter>(), count{}) == 1);
  sim.run_until_idle();
  const std::size_t before = sim.trace().steps().size();
  CHECK(sim.terminate_child(a) == child_result::ok);
  std::size_t stores = 0;
  for (std::size_t i = before; i != sim.trace().steps().size(); ++i) {
    stores += sim.trace().steps()[i].name == es::id_of<store> ? 1U : 0U;
  }
  CHECK(stores == 2);
  CHECK(sim.call(b.member<starter>(), count{}) == 1);
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

struct two_stores : es::partitioned<store, 2> {};
struct sharded : es::supervisor<two_stores, ledger> {};
struct shardeds : es::dynamic<es::child<sharded, es::temporary>> {};
struct shard_app : es::supervisor<shardeds> {};

TEST_CASE("a child may have partitions") {
  es::simulation<shard_app> sim;
  const auto a = sim.start_child<shardeds>();
  CHECK(sim.matches(es::trace{}
                        .started<store>()
                        .started<store>()
                        .started<two_stores>()
                        .started<ledger>()
                        .started<sharded>()));
  CHECK(sim.call(a.member<ledger>(), count{}) == 1);
}

// --- threads

TEST_CASE("children that are supervisors come and go on the pool") {
  es::system<app> sys{es::settings{.workers = 2, .on_report = [](es::report const&) {}}};
  for (int i = 0; i != 50; ++i) {
    const auto a = sys.start_child<groups>();
    const auto b = sys.start_child<groups>();
    sys.cast(a.member<store>(), crash{});
    CHECK(sys.call(b.member<front>(), count{}) == 1);
    try {
      const int n = sys.call(a.member<front>(), front::ask_ledger{});
      CHECK(n > 0);
    } catch (es::call_failed const& failed) {
      CHECK(failed.reason() == es::reason::shutdown);  // it is stopped because of the store
    }
    sys.cast(a.member<front>(), crash{});  // gives up, at about the time of the stop
    CHECK(sys.terminate_child(b) == child_result::ok);
    const child_result r = sys.terminate_child(a);
    CHECK((r == child_result::ok || r == child_result::not_found));
    CHECK_THROWS_AS(sys.call(b.member<front>(), count{}), es::call_failed);
  }
  const auto last = sys.start_child<groups>();
  CHECK(sys.call(last.member<front>(), count{}) == 1);
  CHECK(sys.count_children<groups>() == es::child_counts{1, 1, 1, 0});
}

}  // namespace
