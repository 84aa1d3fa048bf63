// Children that are started at run time.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct session {
  using args = es::arguments<std::string, int>;
  struct who {
    using reply = std::string;
  };
  struct nap {
    using reply = int;
  };
  struct crash {};
  struct finish {};

  session(es::context<session>& s, std::string name, int number)
      : self(s), text(name + std::to_string(number)) {
    if (name == "broken") throw std::runtime_error("told to");
  }
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  ~session() = default;

  std::string handle(who) { return text + '/' + std::to_string(self.incarnation()); }
  es::task<int> handle(nap, es::context<session>& me) {
    co_await me.sleep(1_s);
    co_return 1;
  }
  void handle(crash) { throw std::runtime_error("crash"); }
  void handle(finish) { self.stop(); }

  es::context<session>& self;
  std::string text;
};

struct temporaries : es::dynamic<es::child<session, es::temporary>, es::max_children<3>> {};
struct permanents : es::dynamic<es::child<session>, es::intensity<3, 5_s>> {};
struct app : es::supervisor<temporaries, permanents> {};

TEST_CASE("a child is started with arguments, and answers through its ref (SEMANTICS 24)") {
  es::simulation<app> sim;
  const es::ref<session> a = sim.start_child<temporaries>("a", 1);
  const auto b = sim.start_child<temporaries>(std::string("b"), 2);
  CHECK(a);
  CHECK(a != b);
  CHECK(sim.call(a, session::who{}) == "a1/1");
  CHECK(sim.call(b, session::who{}) == "b2/1");
  CHECK(sim.matches(es::trace{}.started<session>().started<session>()));
  CHECK(sim.count_children<temporaries>() == es::child_counts{2, 2, 0, 2});
  CHECK(sim.count_children<permanents>() == es::child_counts{});
  static_assert(es::process_count<app> == 0);
  static_assert(es::shutdown_bound<app> == 10_s);
}

TEST_CASE("a temporary child that ends is forgotten, and its ref is noproc and never somebody else") {
  es::simulation<app> sim;
  const auto a = sim.start_child<temporaries>("a", 1);
  sim.cast(a, session::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.started<session>().crashed<session>()));
  CHECK(sim.try_call(a, session::who{}).reason() == es::reason::noproc);
  const auto b = sim.start_child<temporaries>("b", 2);
  CHECK(sim.try_call(a, session::who{}).reason() == es::reason::noproc);
  CHECK(sim.call(b, session::who{}) == "b2/1");
  sim.cast(a, session::crash{});
  sim.run_until_idle();
  CHECK(sim.call(b, session::who{}) == "b2/1");
  CHECK(sim.count_children<temporaries>() == es::child_counts{1, 1, 0, 1});
}

TEST_CASE(
    "a permanent child is restarted with its arguments, and its ref goes on leading to it (SEMANTICS 24)") {
  es::simulation<app> sim;
  const auto a = sim.start_child<permanents>("a", 1);
  sim.cast(a, session::crash{});
  CHECK(sim.try_call(a, session::who{}).reason() == es::reason::crashed);  // queued behind the crash
  CHECK(sim.call(a, session::who{}) == "a1/2");
  sim.cast(a, session::finish{});
  sim.run_until_idle();
  CHECK(sim.call(a, session::who{}) == "a1/3");
  CHECK(sim.reports().at(0).find("app/permanents/session (permanent), incarnation 1") != std::string::npos);
}

TEST_CASE("children share one budget, and exceeding it ends them all") {
  es::simulation<app> sim;
  std::vector<es::ref<session>> all;
  for (int i = 0; i != 4; ++i) all.push_back(sim.start_child<permanents>("s", i));
  for (int i = 0; i != 4; ++i) {
    sim.cast(all[std::size_t(i)], session::crash{});
    sim.run_until_idle();
  }
  CHECK(sim.contains(es::trace{}.gave_up<permanents>().stopped<permanents>().started<permanents>()));
  CHECK(sim.count_children<permanents>() == es::child_counts{});  // dynamic children are not started again
  for (auto const& r : all) CHECK(sim.try_call(r, session::who{}).reason() == es::reason::noproc);
  CHECK(sim.broken().empty());
}

TEST_CASE("a start that fails answers its reason, and leaves nothing") {
  es::simulation<app> sim;
  CHECK_THROWS_WITH_AS(sim.start_child<permanents>("broken", 1),
                       "call to permanents failed: crashed: std::runtime_error: told to", es::call_failed);
  CHECK(sim.count_children<permanents>() == es::child_counts{});
  CHECK(!sim.gave_up());
}

TEST_CASE("a restart that fails is tried again, and counted each time") {
  es::simulation<app> sim;
  const auto a = sim.start_child<permanents>("a", 1);
  sim.run_until_idle();
  sim.cast(a, session::crash{});
  sim.run_until([&] { return sim.trace().steps().size() == 2; });
  CHECK(sim.call(a, session::who{}) == "a1/2");
}

TEST_CASE("max_children refuses one more, until one has ended") {
  es::simulation<app> sim;
  std::vector<es::ref<session>> all;
  for (int i = 0; i != 3; ++i) all.push_back(sim.start_child<temporaries>("s", i));
  CHECK_THROWS_WITH_AS(sim.start_child<temporaries>("s", 3), "call to temporaries failed: max_children",
                       es::call_failed);
  CHECK(sim.terminate_child(all[1]) == child_result::ok);
  CHECK(sim.terminate_child(all[1]) == child_result::not_found);
  CHECK(sim.start_child<temporaries>("s", 3));
}

TEST_CASE("terminate_child ends a permanent child for good") {
  es::simulation<app> sim;
  const auto a = sim.start_child<permanents>("a", 1);
  CHECK(sim.terminate_child(a) == child_result::ok);
  sim.run_for(1_s);
  CHECK(sim.matches(es::trace{}.started<session>().stopped<session>()));
  CHECK(sim.terminate_child(es::ref<session>{}) == child_result::not_found);
}

/// Takes as long to stop as it is told.
struct slow {
  using args = es::arguments<es::duration>;
  explicit slow(es::duration d) : to_stop(d) {}
  es::task<void> terminate(es::exit_reason const&, es::context<slow>& self) { co_await self.sleep(to_stop); }
  es::duration to_stop;
};
struct slows : es::dynamic<es::child<slow, es::shutdown<2_s>>> {};

TEST_CASE("all children are stopped at once, under one limit (SEMANTICS 27)") {
  struct root : es::supervisor<slows> {};
  es::simulation<root> sim;
  for (es::duration d : {1_s, 1_s, 5_s}) static_cast<void>(sim.start_child<slows>(d));
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == 2_s);
  CHECK(sim.contains(es::trace{}.stopped<slow>().stopped<slow>().ended<slow>(es::reason::killed)));
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a hundred thousand children start, answer and stop") {
  struct tiny {
    struct one {
      using reply = int;
    };
    int handle(one) { return 1; }
  };
  struct tinies : es::dynamic<es::child<tiny, es::temporary>> {};
  struct root : es::supervisor<tinies> {};
  es::settings how;
  how.workers = 2;
  es::system<root> sys(how);
  std::vector<es::ref<tiny>> all;
  for (int i = 0; i != 100'000; ++i) all.push_back(sys.start_child<tinies>());
  CHECK(sys.count_children<tinies>().active == 100'000);
  int sum = 0;
  for (std::size_t i = 0; i < all.size(); i += 1000) sum += sys.call(all[i], tiny::one{});
  CHECK(sum == 100);
  CHECK(sys.terminate_child(all[5]) == child_result::ok);
  CHECK_THROWS_AS(sys.call(all[5], tiny::one{}), es::call_failed);
  sys.stop();
}

TEST_CASE("each child that is terminated has a limit of its own") {
  struct first_operator {
    struct end {
      es::ref<slow> who;
    };
    es::task<void> handle(end m, es::context<first_operator>& self) {
      static_cast<void>(co_await self.terminate_child(m.who));
    }
  };
  struct second_operator {
    struct end {
      es::ref<slow> who;
    };
    es::task<void> handle(end m, es::context<second_operator>& self) {
      static_cast<void>(co_await self.terminate_child(m.who));
    }
  };
  struct root : es::supervisor<slows, first_operator, second_operator> {};
  es::simulation<root> sim;
  const auto a = sim.start_child<slows>(1_h);
  const auto b = sim.start_child<slows>(1_h);
  sim.cast<first_operator>(first_operator::end{a});
  sim.run_for(1500_ms);
  sim.cast<second_operator>(second_operator::end{b});
  sim.run_for(500_ms);
  CHECK(sim.matches(es::trace{}.started<slow>().started<slow>().ended<slow>(es::reason::killed)));
  sim.run_for(1500_ms);
  CHECK(sim.trace().steps().size() == 4);
}

/// Takes as long to start as it is told, and crashes when it is told.
struct late {
  using args = es::arguments<es::duration>;
  struct crash {};
  explicit late(es::duration d) : to_start(d) {}
  es::task<void> init(es::context<late>& self) { co_await self.sleep(to_start); }
  void handle(crash) { throw std::runtime_error("crash"); }
  es::duration to_start;
};
struct lates : es::dynamic<es::child<late>, es::intensity<0, 5_s>> {};
struct opener {
  using starts = es::processes<lates>;
  struct open {};
  struct log {
    using reply = std::string;
  };
  es::task<void> handle(open, es::context<opener>& self) {
    try {
      const auto opened = co_await self.start_child<lates>(1_h);
      text = opened ? "up" : "declined";
    } catch (es::call_failed const& failed) {
      text = failed.reason().to_string();
    }
  }
  std::string handle(log) { return text; }
  std::string text;
};

TEST_CASE("a start that the end of its supervisor interrupts has failed, and has not been declined") {
  struct root : es::supervisor<lates, opener> {};
  es::simulation<root> sim;
  const auto a = sim.start_child<lates>(0_s);
  sim.cast<opener>(opener::open{});
  sim.run_for(1_s);
  sim.cast(a, late::crash{});
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<late>().gave_up<lates>()));
  CHECK(sim.call<opener>(opener::log{}) == "shutdown");
}

struct shy {};
constexpr auto declines = []() -> std::optional<shy> { return {}; };
struct shies : es::dynamic<es::child<shy, es::start<declines>>> {};
struct host {
  using starts = es::processes<shies>;
  struct invite {};
  es::task<void> handle(invite, es::context<host>& self) {
    static_cast<void>(co_await self.start_child<shies>());
  }
};

TEST_CASE("a stop goes on when a start that it finds under way is declined, under many schedules") {
  struct root : es::supervisor<shies, host> {};
  for (std::uint64_t s = 1; s != 200; ++s) {
    es::simulation<root> sim{es::seed{s}};
    sim.cast<host>(host::invite{});
    sim.stop();
    CHECK(sim.ended());
  }
}

// --- from inside

struct listener {
  using starts = es::processes<temporaries, permanents>;
  struct open {
    std::string name;
    using reply = std::string;
  };
  struct flood {
    using reply = std::string;
  };
  struct watch {};
  struct log {
    using reply = std::string;
  };

  es::task<std::string> handle(open m, es::context<listener>& self) {
    last = co_await self.start_child<permanents>(m.name, 7);
    co_return co_await self.call<session::who>(last);
  }
  es::task<std::string> handle(flood, es::context<listener>& self) {
    try {
      for (;;) static_cast<void>(co_await self.start_child<temporaries>("f", 1));
    } catch (es::call_failed const& failed) {
      text = failed.reason().to_string();
    }
    co_return text;
  }
  es::task<void> handle(watch, es::context<listener>& self) {
    self.monitor(last);
    self.cast(last, session::crash{});
    const auto answer = co_await self.try_call<session::who>(last);
    text += std::string(word(answer.reason().kind())) + ' ';
  }
  void handle(es::down<session> m) { text += "down " + std::to_string(m.incarnation); }
  std::string handle(log) { return text; }

  es::ref<session> last;
  std::string text;
};
struct served : es::supervisor<es::intensity<5, 5_s>, temporaries, permanents, listener> {};

TEST_CASE("a process starts children, and calls, casts to and monitors them") {
  es::simulation<served> sim;
  CHECK(sim.call<listener>(listener::open{"a"}) == "a7/1");
  sim.cast<listener>(listener::watch{});
  sim.run_until_idle();
  CHECK(sim.call<listener>(listener::log{}) == "crashed down 1");
  CHECK(sim.call<listener>(listener::flood{}) == "max_children");
  CHECK(sim.broken().empty());
}

TEST_CASE("dynamic children survive a crash everywhere, under many schedules") {
  auto scenario = [](es::simulation<served>& sim) {
    sim.cast<listener>(listener::open{"a"});
    sim.cast<listener>(listener::flood{});
    sim.cast<listener>(listener::open{"b"});
    sim.cast<listener>(listener::watch{});
    sim.run_for(1_s);
  };
  for (std::uint64_t s = 1; s != 30; ++s) CHECK(es::crash_everywhere<served>(scenario, es::seed{s}));
  CHECK(es::explore<served>(
      [&](es::simulation<served>& sim) {
        sim.reorder();
        scenario(sim);
      },
      100));
}

TEST_CASE("children are started, crash and are stopped on many threads") {
  es::settings how;
  how.workers = 3;
  how.on_report = nullptr;
  struct many : es::dynamic<es::child<session, es::transient>, es::intensity<1'000'000, 1_s>> {};
  struct root : es::supervisor<many> {};
  es::system<root> sys(how);
  auto work = [&] {
    for (int i = 0; i != 300; ++i) {
      const auto r = sys.start_child<many>("s", i);
      sys.cast(r, session::crash{});
      try {
        static_cast<void>(sys.call(r, session::who{}));
      } catch (es::call_failed const&) {
      }
      if (i % 3 == 0) sys.terminate_child(r);
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(sys.count_children<many>().specs == 400);
}

/// Built by a function, from its start arguments.
struct greeter {
  using args = es::arguments<std::string, int>;
  struct greet {
    using reply = std::string;
  };
  struct fail {};
  std::string handle(greet) { return text; }
  void handle(fail) { throw std::runtime_error("told to"); }
  std::string text;
};
constexpr auto make_greeter = [](es::context<greeter>& self, std::string name,
                                 int times) -> std::optional<greeter> {
  if (times == 0) return {};
  return greeter{"hello " + name + " " + std::to_string(times) + " " + std::to_string(self.incarnation())};
};
struct greeters : es::dynamic<es::child<greeter, es::start<make_greeter>>> {};

TEST_CASE(
    "a start function is given the start arguments of its child, again for each restart (SEMANTICS 24)") {
  es::simulation<es::supervisor<greeters>> sim;
  const auto anna = sim.start_child<greeters>("Anna", 2);
  CHECK(sim.call(anna, greeter::greet{}) == "hello Anna 2 1");
  sim.cast(anna, greeter::fail{});
  sim.run_until_idle();
  CHECK(sim.call(anna, greeter::greet{}) == "hello Anna 2 2");
  CHECK_FALSE(sim.start_child<greeters>("Bert", 0));  // declined
}

struct echo {
  struct go {};
  struct heard {};
  struct count {
    using reply = int;
  };
  using casts = es::processes<echo>;
  void handle(go, es::context<echo>& self) { self.cast<echo>(heard{}); }
  void handle(heard) { ++times; }
  int handle(count) { return times; }
  int times = 0;
};
struct echoes : es::dynamic<echo> {};
struct echo_app : es::supervisor<echoes> {};

TEST_CASE("a dynamic process that declares its own name sends to itself, and to no other child") {
  es::simulation<echo_app> sim;
  const auto a = sim.start_child<echoes>();
  const auto b = sim.start_child<echoes>();
  sim.cast(a, echo::go{});
  sim.run_until_idle();
  CHECK(sim.call(a, echo::count{}) == 1);
  CHECK(sim.call(b, echo::count{}) == 0);
}

struct visitor {
  using needs = es::environment<int*>;
  struct visit {};
  void handle(visit, es::context<visitor>& self) {
    ++*self.environment<int*>();
    self.stop();
  }
};
struct visitors : es::dynamic<es::child<visitor, es::temporary>> {};
struct inviter {
  using starts = es::processes<visitors>;
  using needs = es::environment<int*>;
  struct invite {
    using reply = int;
  };
  es::task<int> handle(invite, es::context<inviter>& self) {
    for (int i = 0; i != 200; ++i) {
      const auto guest = co_await self.start_child<visitors>();
      self.cast<visitor::visit>(guest);
    }
    co_return *self.environment<int*>();
  }
};

TEST_CASE("a process that starts many children on the only worker lets them run meanwhile") {
  int visits = 0;
  es::settings one_worker;
  one_worker.workers = 1;
  es::system<es::supervisor<visitors, inviter>> sys(es::with(&visits), one_worker);
  CHECK(sys.call<inviter>(inviter::invite{}) >= 150);
}

}  // namespace
