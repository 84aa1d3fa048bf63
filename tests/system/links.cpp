// Monitors, links and exit signals.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

/// Takes a second to start, except the first time.
struct worker : scripted<worker> {
  es::task<void> init(es::context<worker>& self) {
    if (self.incarnation() > 1) co_await self.sleep(1_s);
  }
};

/// Watches the worker, and writes down what it is told.
struct watcher : scripted<watcher> {
  using scripted::handle;
  using calls = es::processes<worker>;
  struct watch {};
  struct unwatch {
    using reply = bool;
  };
  struct link {};
  struct unlink {};
  struct trap {};
  struct end {
    es::reason why;
  };
  struct cast_and_crash {};
  struct said {
    using reply = std::string;
  };

  void handle(watch, es::context<watcher>& self) { monitor = self.monitor<worker>(); }
  bool handle(unwatch, es::context<watcher>& self) { return self.demonitor(monitor); }
  void handle(link, es::context<watcher>& self) { self.link<worker>(); }
  void handle(unlink, es::context<watcher>& self) { self.unlink<worker>(); }
  void handle(trap, es::context<watcher>& self) { self.trap_exits(); }
  void handle(end m, es::context<watcher>& self) { self.exit<worker>(m.why); }
  void handle(es::down<worker> m) { add("down", m.incarnation, m.reason); }
  void handle(es::exited<worker> m) { add("exited", m.incarnation, m.reason); }
  std::string handle(said) { return log; }

  void add(char const* what, std::uint64_t incarnation, es::exit_reason const& why) {
    log += std::string(what) + ' ' + std::to_string(incarnation) + ' ' + std::string(word(why.kind())) + '\n';
  }
  es::monitor_id monitor;
  std::string log;
};

struct tree : es::supervisor<es::intensity<9, 60_s>, worker, watcher> {};

std::string said(es::simulation<tree>& sim) {
  sim.run_until_idle();
  return sim.call<watcher>(watcher::said{});
}

TEST_CASE("a monitor tells once of the end of the incarnation that it was made for (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  CHECK(said(sim) == "down 1 crashed\n");
  sim.run_for(2_s);
  sim.cast<worker>(worker::crash{});
  CHECK(said(sim) == "down 1 crashed\n");
}

TEST_CASE("a monitor made in a gap attaches to the next incarnation (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();  // it takes a second to start
  sim.cast<watcher>(watcher::watch{});
  CHECK(said(sim) == "");
  sim.run_for(2_s);
  CHECK(said(sim) == "");
  sim.cast<worker>(worker::finish{});
  CHECK(said(sim) == "down 2 normal\n");
}

TEST_CASE("a monitor of a parked process answers noproc at once (SEMANTICS 11)") {
  struct parking : es::supervisor<es::child<worker, es::transient>, watcher> {};
  es::simulation<parking> sim;
  sim.cast<worker>(worker::finish{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  CHECK(sim.call<watcher>(watcher::said{}) == "down 0 noproc\n");
}

TEST_CASE("a monitor that is given up tells nothing, also if its notice waits in the mailbox") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::watch{});
  CHECK(sim.call<watcher>(watcher::unwatch{}));
  CHECK(!sim.call<watcher>(watcher::unwatch{}));
  sim.cast<worker>(worker::crash{});
  CHECK(said(sim) == "");

  sim.run_for(2_s);
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::nap{1_s});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::unwatch{});  // queued before the notice
  sim.cast<worker>(worker::crash{});
  sim.run_for(3_s);
  CHECK(said(sim) == "");
}

TEST_CASE(
    "a monitor that waits in a gap for an incarnation that does not come answers noproc (SEMANTICS 11)") {
  struct patient
      : es::supervisor<es::intensity<9, 60_s>, es::child<worker, es::backoff<10_s, 10_s>>, watcher> {};
  es::simulation<patient> sim;
  for (int i = 0; i != 2; ++i) {
    sim.cast<worker>(worker::crash{});
    sim.run_for(2_s);
  }
  sim.cast<watcher>(watcher::watch{});
  CHECK(sim.call<watcher>(watcher::said{}) == "");
  CHECK(sim.terminate_child<worker>() == es::child_result::ok);
  CHECK(sim.call<watcher>(watcher::said{}) == "down 0 noproc\n");
}

TEST_CASE("a monitor of a forgotten process answers noproc at once, and so does a link (SEMANTICS 11)") {
  struct forgetting : es::supervisor<es::child<worker, es::temporary>, watcher> {};
  es::simulation<forgetting> sim;
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::trap{});
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::link{});
  sim.run_until_idle();
  CHECK(sim.call<watcher>(watcher::said{}) == "down 0 noproc\nexited 0 noproc\n");
}

TEST_CASE("a monitor ends with its owner (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::watch{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::crash{});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  CHECK(said(sim) == "");
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("an abnormal end ends a linked process, and a normal one does not (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::link{});
  sim.run_until_idle();
  SUBCASE("a crash of the one") {
    sim.cast<worker>(worker::crash{});
    sim.run_for(2_s);
    CHECK(sim.contains(es::trace{}.crashed<worker>().crashed<watcher>()));
    CHECK(sim.reports().at(1).find("told to") != std::string::npos);  // the reason travels along
  }
  SUBCASE("a crash of the other") {
    sim.cast<watcher>(watcher::crash{});
    sim.run_for(2_s);
    CHECK(sim.contains(es::trace{}.crashed<watcher>().crashed<worker>()));
  }
  SUBCASE("a normal end") {
    sim.cast<worker>(worker::finish{});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::normal).started<worker>()));
  }
  SUBCASE("not once it is unlinked") {
    sim.cast<watcher>(watcher::unlink{});
    sim.run_until_idle();
    sim.cast<worker>(worker::crash{});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.crashed<worker>().started<worker>()));
    sim.cast<watcher>(watcher::crash{});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.crashed<worker>().started<worker>().crashed<watcher>().started<watcher>()));
  }
  SUBCASE("and not its next incarnation") {
    sim.cast<worker>(worker::crash{});
    sim.run_for(2_s);
    sim.cast<watcher>(watcher::crash{});
    sim.run_for(2_s);
    CHECK(sim.trace().steps().size() == 6);
  }
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a process that traps exits is told, also of a normal end, and stays") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::trap{});
  sim.cast<watcher>(watcher::link{});
  sim.run_until_idle();
  sim.cast<worker>(worker::finish{});
  CHECK(said(sim) == "exited 1 normal\n");
  sim.run_for(2_s);
  sim.cast<watcher>(watcher::link{});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  CHECK(said(sim) == "exited 1 normal\nexited 2 crashed\n");
}

TEST_CASE("a link tells once, of the incarnation that it was made with (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::trap{});
  sim.cast<watcher>(watcher::link{});
  for (int i = 0; i != 3; ++i) {
    sim.run_for(2_s);
    sim.cast<worker>(worker::crash{});
  }
  CHECK(said(sim) == "exited 1 crashed\n");
}

TEST_CASE("a link ends with its owner (SEMANTICS 11)") {
  es::simulation<tree> sim;
  sim.cast<watcher>(watcher::link{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::finish{});
  sim.run_until_idle();
  sim.cast<worker>(worker::crash{});
  sim.run_for(2_s);
  CHECK(sim.matches(
      es::trace{}.ended<watcher>(es::reason::normal).started<watcher>().crashed<worker>().started<worker>()));
}

TEST_CASE(
    "a link in a gap attaches to the next incarnation, and one to a parked process is noproc (SEMANTICS "
    "11)") {
  es::simulation<tree> sim;
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();
  sim.cast<watcher>(watcher::link{});
  sim.run_for(2_s);
  sim.cast<worker>(worker::crash{});
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.started<worker>().crashed<worker>().crashed<watcher>()));

  struct parking : es::supervisor<es::child<worker, es::transient>, watcher> {};
  es::simulation<parking> parked;
  parked.cast<worker>(worker::finish{});
  parked.run_until_idle();
  parked.cast<watcher>(watcher::link{});
  parked.run_until_idle();
  CHECK(parked.contains(es::trace{}.ended<watcher>(es::reason::noproc).started<watcher>()));
}

TEST_CASE("an exit signal ends a process ahead of its queue, and normal and killed are special") {
  es::simulation<tree> sim;
  SUBCASE("crashed") {
    sim.cast<worker>(worker::nap{1_h});
    sim.run_until_idle();
    sim.cast<worker>(worker::crash{});  // queued
    sim.cast<watcher>(watcher::end{es::reason::crashed});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.crashed<worker>().started<worker>()));
  }
  SUBCASE("normal") {
    sim.cast<watcher>(watcher::end{es::reason::normal});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}));
  }
  SUBCASE("shutdown, of a permanent child") {
    sim.cast<watcher>(watcher::end{es::reason::shutdown});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.stopped<worker>().started<worker>()));
  }
  SUBCASE("killed") {
    sim.cast<watcher>(watcher::end{es::reason::killed});
    sim.run_for(2_s);
    CHECK(sim.matches(es::trace{}.ended<worker>(es::reason::killed).started<worker>()));
  }
}

/// Traps exits, and is ended by nobody but `killed`.
struct stubborn : scripted<stubborn> {
  using scripted::handle;
  void init(es::context<stubborn>& self) { self.trap_exits(); }
  struct log {
    using reply = int;
  };
  template <class Name>
  void handle(es::exited<Name>) {
    ++told;
  }
  int handle(log) { return told; }
  void terminate() { terminated = true; }
  int told = 0;
  bool terminated = false;
};
struct ender {
  using casts = es::processes<stubborn>;
  struct end {
    es::reason why;
  };
  void handle(end m, es::context<ender>& self) { self.exit<stubborn>(m.why); }
};

TEST_CASE("trapped exit signals are messages, but killed is not trapped") {
  struct root : es::supervisor<stubborn, ender> {};
  es::simulation<root> sim;
  sim.cast<ender>(ender::end{es::reason::crashed});
  sim.cast<ender>(ender::end{es::reason::normal});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}));
  CHECK(sim.call<stubborn>(stubborn::log{}) == 2);
  sim.cast<ender>(ender::end{es::reason::killed});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.ended<stubborn>(es::reason::killed).started<stubborn>()));
}

struct session {
  using args = es::arguments<>;
  struct finish {};
  void handle(finish, es::context<session>& self) { self.stop(); }
};
struct sessions : es::dynamic<es::child<session, es::transient>> {};
/// Watches a session that has been there, and where another one is by now.
struct late_watcher {
  using starts = es::processes<sessions>;
  struct watch_the_old_one {
    using reply = std::string;
  };
  es::task<std::string> handle(watch_the_old_one, es::context<late_watcher>& self) {
    self.trap_exits();
    const auto old = co_await self.start_child<sessions>();
    co_await self.terminate_child(old);
    static_cast<void>(co_await self.start_child<sessions>());
    self.monitor(old);
    self.link(old);
    co_return "";
  }
  void handle(es::down<session> m) { told += "down " + std::to_string(m.incarnation) + ' '; }
  void handle(es::exited<session> m) { told += "exited " + std::to_string(m.incarnation) + ' '; }
  struct said {
    using reply = std::string;
  };
  std::string handle(said) { return told; }
  std::string told;
};

TEST_CASE("a monitor or a link of an old ref never means the process that came after it (SEMANTICS 11)") {
  es::simulation<es::supervisor<sessions, late_watcher>> sim;
  sim.call<late_watcher>(late_watcher::watch_the_old_one{});
  sim.run_until_idle();
  CHECK(sim.call<late_watcher>(late_watcher::said{}) == "down 0 exited 0 ");
  CHECK(sim.broken().empty());
}

TEST_CASE("monitors and links survive a crash everywhere, under many schedules") {
  auto scenario = [](es::simulation<tree>& sim) {
    sim.cast<watcher>(watcher::watch{});
    sim.cast<watcher>(watcher::trap{});
    sim.cast<watcher>(watcher::link{});
    sim.cast<worker>(worker::nap{1_s});
    sim.cast<worker>(worker::ping{});
    sim.cast<watcher>(watcher::unlink{});
    sim.cast<watcher>(watcher::watch{});
    sim.run_for(5_s);
  };
  for (std::uint64_t s = 1; s != 20; ++s) CHECK(es::crash_everywhere<tree>(scenario, es::seed{s}));
}

}  // namespace
