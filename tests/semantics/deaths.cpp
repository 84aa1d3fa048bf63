// SEMANTICS 9, 11 and 12: who is told of a death, in which order, and what comes before what.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

using log_of_test = es::environment<std::string*>;

struct callee : scripted<callee> {};

/// Watches the callee, in the way it is told to.
struct watcher : scripted<watcher> {
  using scripted::handle;
  using needs = log_of_test;
  using calls = es::processes<callee>;
  struct monitor {};
  struct link {};
  struct trap {};
  struct note {
    std::string what;
  };
  void handle(monitor, es::context<watcher>& self) { self.monitor<callee>(); }
  void handle(link, es::context<watcher>& self) { self.link<callee>(); }
  void handle(trap, es::context<watcher>& self) { self.trap_exits(); }
  void handle(note m, es::context<watcher>& self) { write(self, m.what); }
  void handle(es::down<callee> m, es::context<watcher>& self) {
    write(self, "down " + std::to_string(m.incarnation));
  }
  void handle(es::exited<callee> m, es::context<watcher>& self) {
    write(self, "exited " + std::to_string(m.incarnation));
  }
  void write(es::context<watcher>& self, std::string_view what) {
    *self.environment<std::string*>() += std::string(what) + '\n';
  }
};

/// Calls the callee, and tells the watcher what it got.
struct caller : scripted<caller> {
  using scripted::handle;
  using calls = es::processes<callee, watcher>;
  struct call {};
  es::task<void> handle(call, es::context<caller>& self) {
    auto answer = co_await self.try_call<callee, callee::fail>();
    self.cast<watcher, watcher::note>("caller told: " + std::string(word(answer.reason().kind())));
  }
};

// --- 9

/// Runs a scenario under many schedules.
template <class T, class Scenario>
void under_many(Scenario scenario) {
  for (std::uint64_t s = 1; s != 100; ++s) {
    INFO("seed ", s);
    std::string log;
    es::simulation<T> sim{es::with(&log), es::seed{s}};
    scenario(sim, log);
    CHECK(sim.broken().empty());
  }
}

struct tree : es::supervisor<es::intensity<9, 60_s>, callee, watcher, caller> {};

TEST_CASE("those who watch a process are told of its death before those who call it (SEMANTICS 9)") {
  auto scenario = [](auto how, std::string told) {
    return [how, told](auto& sim, std::string const& log) {
      sim.template cast<watcher>(watcher::trap{});
      sim.template cast<watcher>(how);
      sim.run_until_idle();
      sim.template cast<watcher>(watcher::nap{1_s});  // so that all of it waits in the mailbox
      sim.run_until_idle();
      sim.template cast<caller>(caller::call{});
      sim.run_for(2_s);
      CHECK(log == told + " 1\ncaller told: crashed\n");
    };
  };
  under_many<tree>(scenario(watcher::monitor{}, "down"));
  under_many<tree>(scenario(watcher::link{}, "exited"));
}

TEST_CASE("callers are answered without waiting for the supervisor to act (SEMANTICS 9)") {
  struct slow_to_go : scripted<slow_to_go> {
    es::task<void> terminate(es::exit_reason const&, es::context<slow_to_go>& self) {
      co_await self.sleep(3_s);
    }
  };
  struct trigger : scripted<trigger> {};
  struct busy : es::supervisor<es::one_for_all, callee, slow_to_go, trigger> {};
  struct root : es::supervisor<busy, watcher, caller> {};
  std::string log;
  es::simulation<root> sim{es::with(&log)};
  sim.cast<trigger>(trigger::crash{});
  sim.run_until_idle();  // the supervisor waits for the slow one
  sim.cast<caller>(caller::call{});
  sim.run_until_idle();
  CHECK(log == "caller told: crashed\n");
  CHECK(sim.matches(es::trace{}.crashed<trigger>().crashed<callee>()));
  sim.run_for(3_s);
  CHECK(sim.matches(es::trace{}
                        .crashed<trigger>()
                        .crashed<callee>()
                        .stopped<slow_to_go>()
                        .started<callee>()
                        .started<slow_to_go>()
                        .started<trigger>()));
}

// --- 12

enum class delivered { at_once, late, reordered };
constexpr delivered ways[] = {delivered::at_once, delivered::late, delivered::reordered};

template <class From, class To>
void deliver(auto& sim, delivered how) {
  if (how == delivered::late) sim.template delay<From, To>(1_s);
  if (how == delivered::reordered) sim.delay_up_to(1_s);
}

/// Tells the listener things before it ends, answers or exits.
struct listener : scripted<listener> {
  using scripted::handle;
  using needs = log_of_test;
  struct note {
    int what;
  };
  es::task<void> init(es::context<listener>& self) {
    self.trap_exits();
    if (self.incarnation() != 2) co_return;
    co_await self.sleep(1_s);
    throw std::runtime_error("not yet");
  }
  void handle(note m, es::context<listener>& self) { write(self, std::to_string(m.what)); }
  template <class Name>
  void handle(es::exited<Name>, es::context<listener>& self) {
    write(self, "exited");
  }
  void write(es::context<listener>& self, std::string const& what) {
    *self.environment<std::string*>() += what + ' ';
  }
};
struct speaker : scripted<speaker> {
  using scripted::handle;
  using calls = es::processes<listener>;
  struct link {};
  struct speak_and_crash {};
  struct speak_and_finish {};
  struct exit_and_speak {
    es::reason why;
  };
  void handle(link, es::context<speaker>& self) { self.link<listener>(); }
  void handle(speak_and_crash, es::context<speaker>& self) {
    speak(self);
    throw 1;
  }
  void handle(speak_and_finish, es::context<speaker>& self) {
    speak(self);
    self.stop();
  }
  void handle(exit_and_speak m, es::context<speaker>& self) {
    speak(self);
    self.exit<listener>(m.why);
    self.cast<listener, listener::note>(3);
  }
  void speak(es::context<speaker>& self) {
    for (int i : {1, 2}) self.cast<listener, listener::note>(i);
  }
};
struct talking : es::supervisor<es::intensity<9, 60_s>, listener, speaker> {};

template <class How>
void speak(delivered how_delivered, How how, std::string const& heard) {
  CAPTURE(int(how_delivered));
  under_many<talking>([&](auto& sim, std::string const& log) {
    deliver<speaker, listener>(sim, how_delivered);
    sim.template cast<speaker>(speaker::link{});
    sim.run_for(4_s);
    sim.template cast<speaker>(how);
    sim.run_for(4_s);
    CHECK(log == heard);
  });
}

TEST_CASE("a trapped exit comes after what its sender sent before (SEMANTICS 12)") {
  for (delivered d : ways) {
    speak(d, speaker::speak_and_crash{}, "1 2 exited ");
    speak(d, speaker::speak_and_finish{}, "1 2 exited ");
  }
}

TEST_CASE("a trapped exit signal keeps its order with casts (SEMANTICS 12, promise 4)") {
  for (delivered d : ways) {
    speak(d, speaker::exit_and_speak{es::reason::crashed}, "1 2 exited 3 ");
    speak(d, speaker::exit_and_speak{es::reason::normal}, "1 2 exited 3 ");
  }
}

TEST_CASE("an exit signal in a gap waits in its turn for a process that traps it (SEMANTICS 12, promise 4)") {
  under_many<talking>([](auto& sim, std::string const& log) {
    sim.template cast<listener>(listener::crash{});
    sim.run_until_idle();  // its next start fails, in a second
    sim.template cast<speaker>(speaker::exit_and_speak{es::reason::crashed});
    sim.run_for(2_s);
    CHECK(log == "1 2 exited 3 ");
    CHECK(sim.matches(es::trace{}.crashed<listener>().restarting<listener>().template started<listener>()));
  });
}

/// Speaks to who watches it and to who asks it.
struct teller;
struct hearer : scripted<hearer> {
  using scripted::handle;
  using needs = log_of_test;
  using casts = es::processes<teller>;
  struct note {
    int what;
  };
  struct watch {};
  void handle(watch, es::context<hearer>& self);
  void handle(note m, es::context<hearer>& self) { write(self, std::to_string(m.what)); }
  void handle(es::down<teller>, es::context<hearer>& self) { write(self, "down"); }
  void write(es::context<hearer>& self, std::string const& what) {
    *self.environment<std::string*>() += what + ' ';
  }
};
struct teller : scripted<teller> {
  using scripted::handle;
  using casts = es::processes<hearer>;
  struct tell_and_crash {};
  void handle(tell_and_crash, es::context<teller>& self) {
    for (int i : {1, 2}) self.cast<hearer, hearer::note>(i);
    throw 1;
  }
};
void hearer::handle(watch, es::context<hearer>& self) { self.monitor<teller>(); }
struct hearing : es::supervisor<es::intensity<9, 60_s>, hearer, teller> {};

TEST_CASE("the notice of a monitor comes after what the process sent before it ended (SEMANTICS 12)") {
  for (delivered how : ways) {
    CAPTURE(int(how));
    under_many<hearing>([&](auto& sim, std::string const& log) {
      sim.template cast<hearer>(hearer::watch{});
      sim.run_until_idle();
      deliver<teller, hearer>(sim, how);
      sim.template cast<teller>(teller::tell_and_crash{});
      sim.run_for(4_s);
      CHECK(log == "1 2 down ");
    });
  }
}

/// Is asked, and first casts to who asks it.
struct asking;
struct answering : scripted<answering> {
  using scripted::handle;
  using casts = es::processes<asking>;
  struct question {
    bool fails;
    using reply = int;
  };
  int handle(question m, es::context<answering>& self);
};
struct asking : scripted<asking> {
  using scripted::handle;
  using needs = log_of_test;
  using calls = es::processes<answering>;
  struct go {
    bool fails;
  };
  struct note {
    std::string what;
  };
  es::task<void> handle(go m, es::context<asking>& self) {
    auto answer = co_await self.try_call<answering, answering::question>(m.fails);
    self.cast<asking, note>(answer ? "replied" : "failed");
  }
  void handle(note m, es::context<asking>& self) { *self.environment<std::string*>() += m.what + ' '; }
};
int answering::handle(question m, es::context<answering>& self) {
  self.cast<asking, asking::note>("cast");
  if (m.fails) throw 1;
  return 1;
}

TEST_CASE("a reply comes after what the callee sent before, also the news of its end (SEMANTICS 12)") {
  struct questions : es::supervisor<answering, asking> {};
  for (delivered how : ways) {
    CAPTURE(int(how));
    under_many<questions>([&](auto& sim, std::string const& log) {
      deliver<answering, asking>(sim, how);
      sim.template cast<asking>(asking::go{false});
      sim.run_for(4_s);
      sim.template cast<asking>(asking::go{true});
      sim.run_for(4_s);
      CHECK(log == "cast replied cast failed ");
    });
  }
}

}  // namespace
