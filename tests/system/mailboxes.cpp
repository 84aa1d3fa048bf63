// What becomes of queued messages, by the options of the child: keep_mailbox, drain, bounds.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;

namespace {

/// Writes down what it is sent, and for whom; the log outlives it.
struct writer {
  using needs = es::environment<std::string*>;
  struct note {
    char what;
  };
  struct ask {
    using reply = char;
  };
  struct crash {};
  struct finish {};
  struct nap {};
  struct mutter {};  // sends itself a note

  explicit writer(es::context<writer>& s) : self(s) {}
  void handle(note m) { log() += m.what; }
  char handle(ask) { return char('0' + self.incarnation()); }
  void handle(crash) { throw std::runtime_error("told to"); }
  void handle(finish) { self.stop(); }
  es::task<void> handle(nap, es::context<writer>& me) {
    log() += '(';
    co_await me.sleep(1_s);
    log() += ')';
  }
  void handle(mutter, es::context<writer>& me) {
    me.cast<writer>(note{'m'});
    me.send_after(0_s, note{'t'});
  }
  void terminate(es::exit_reason const&) { log() += '!'; }
  std::string& log() { return *self.environment<std::string*>(); }
  es::context<writer>& self;
};

template <class... Options>
struct keeping : es::supervisor<es::intensity<9, 9_s>, es::child<writer, es::keep_mailbox, Options...>> {};

TEST_CASE(
    "a kept mailbox survives a crash, oldest first and ahead of gap mail, without the crashing message "
    "(SEMANTICS 6)") {
  std::string log;
  es::simulation<keeping<>> sim{es::with(&log)};
  sim.crash<writer>(es::in_constructor{1});
  sim.cast<writer>(writer::note{'a'});
  sim.cast<writer>(writer::crash{});
  sim.cast<writer>(writer::note{'b'});
  sim.cast<writer>(writer::note{'c'});
  sim.run_until([&] { return log == "a!"; });
  sim.cast<writer>(writer::note{'d'});  // in the gap
  sim.run_until_idle();
  CHECK(log == "a!bcd");
  CHECK(sim.broken().empty());
}

TEST_CASE(
    "a kept mailbox keeps calls, whose callers get their answer from the next incarnation (SEMANTICS 6)") {
  std::string log;
  es::simulation<keeping<>> sim{es::with(&log)};
  sim.cast<writer>(writer::crash{});
  CHECK(sim.call<writer>(writer::ask{}) == '2');
}

TEST_CASE("a kept mailbox keeps neither timers nor what the process has sent itself (SEMANTICS 6)") {
  std::string log;
  es::simulation<keeping<>> sim{es::with(&log)};
  sim.cast<writer>(writer::mutter{});
  sim.cast<writer>(writer::note{'a'});
  sim.cast<writer>(writer::crash{});
  sim.cast<writer>(writer::note{'b'});
  sim.run_for(1_s);
  CHECK(log == "a!b");
}

TEST_CASE(
    "a kept mailbox survives a sibling's restart, and ends when nothing restarts the process (SEMANTICS 5)") {
  struct sibling {
    struct crash {};
    void handle(crash) { throw 1; }
  };
  struct all : es::supervisor<es::one_for_all, sibling, es::child<writer, es::keep_mailbox, es::transient>> {
  };
  std::string log;
  es::simulation<all> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  sim.cast<writer>(writer::note{'a'});
  sim.cast<sibling>(sibling::crash{});
  sim.run_until_idle();
  CHECK(log == "(!a");
  sim.cast<writer>(writer::finish{});
  CHECK(sim.try_call<writer>(writer::ask{}).reason() == es::reason::normal);
  CHECK(sim.try_call<writer>(writer::ask{}).reason() == es::reason::noproc);
}

struct drained : es::supervisor<es::child<writer, es::drain, es::shutdown<3_s>>> {};

TEST_CASE("a child that drains handles what was queued before its stop, and then terminates (SEMANTICS 13)") {
  std::string log;
  es::simulation<drained> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  sim.cast<writer>(writer::note{'a'});
  sim.cast<writer>(writer::mutter{});
  sim.cast<writer>(writer::note{'b'});
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(log == "()ab!");  // what it sends itself meanwhile comes after the stop
  CHECK(sim.elapsed() == 1_s);
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("draining ends with the limit (SEMANTICS 13)") {
  std::string log;
  es::simulation<drained> sim{es::with(&log)};
  for (int i = 0; i != 5; ++i) sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(log.substr(0, 4) == "()()");
  CHECK(log.find('!') == std::string::npos);  // killed
  CHECK(sim.elapsed() == 3_s);
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("without drain a stop overtakes what is queued (SEMANTICS 13)") {
  struct plain : es::supervisor<writer> {};
  std::string log;
  es::simulation<plain> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  sim.cast<writer>(writer::note{'a'});
  sim.stop();
  CHECK(log == "(!");
}

// --- bounds

template <es::overflow When, class... Options>
struct bounded : es::supervisor<es::intensity<9, 9_s>, es::child<writer, es::mailbox<3, When>, Options...>> {
};

template <class T>
void send(es::simulation<T>& sim, std::string_view notes) {
  for (char c : notes) sim.template cast<writer>(writer::note{c});
}

TEST_CASE("drop_newest drops what finds no room, and a call is told no_reply (SEMANTICS 10)") {
  std::string log;
  es::simulation<bounded<es::overflow::drop_newest>> sim{es::with(&log)};
  send(sim, "abcde");
  CHECK(sim.try_call<writer>(writer::ask{}).reason() == es::reason::no_reply);
  sim.run_until_idle();
  CHECK(log == "abc");
  CHECK(sim.matches(es::trace{}));
  CHECK(sim.broken().empty());
}

TEST_CASE("drop_oldest takes the new one, and drops the oldest (SEMANTICS 10)") {
  std::string log;
  es::simulation<bounded<es::overflow::drop_oldest>> sim{es::with(&log)};
  send(sim, "abcde");
  sim.run_until_idle();
  CHECK(log == "cde");
  CHECK(sim.broken().empty());
}

TEST_CASE("crash crashes the receiver, and in a gap drops the newest with a report (SEMANTICS 10)") {
  std::string log;
  es::simulation<bounded<es::overflow::crash>> sim{es::with(&log)};
  send(sim, "abc");
  sim.run_until_idle();
  CHECK(log == "abc");
  send(sim, "defg");
  sim.run_until_idle();
  CHECK(log == "abc!");
  CHECK(sim.matches(es::trace{}.crashed<writer>().started<writer>()));
  CHECK(sim.reports().at(0).find("crashed: its mailbox is full: 3 messages") != std::string::npos);

  es::simulation<bounded<es::overflow::crash>> gap(es::not_started, es::with(&log));
  send(gap, "hijkl");
  gap.start();
  gap.run_until_idle();
  CHECK(log == "abc!hij");
  REQUIRE(gap.reports().size() == 2);
  CHECK(gap.reports()[1] ==
        "espalier: mailbox_overflow\n"
        "  supervisor  bounded<espalier::overflow::crash> (one_for_one)\n"
        "  child       bounded<espalier::overflow::crash>/writer (permanent)\n"
        "  reason      crashed: its mailbox is full: 3 messages\n"
        "  message     writer::note\n"
        "  action      dropping the message\n");
}

/// Sends the writer five notes in one handler, and counts its own turns.
struct flooder {
  using casts = es::processes<writer>;
  struct flood {};
  struct turn {};
  struct turns {
    using reply = int;
  };
  void handle(flood, es::context<flooder>& self) {
    for (char c : std::string_view("abcde")) self.cast<writer>(writer::note{c});
  }
  void handle(turn) { ++n; }
  int handle(turns) { return n; }
  int n = 0;
};
struct throttled : es::supervisor<es::one_for_one, es::intensity<9, 9_s>,
                                  es::child<writer, es::mailbox<3, es::overflow::suspend>>, flooder> {};

TEST_CASE(
    "suspend takes what one handler sends, and the sender takes up nothing more until there is room "
    "(SEMANTICS 10)") {
  std::string log;
  es::simulation<throttled> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});  // a second
  sim.run_until_idle();
  sim.cast<flooder>(flooder::flood{});
  sim.cast<flooder>(flooder::turn{});
  sim.run_until_idle();
  CHECK(log == "(");
  CHECK(sim.try_call<flooder>(flooder::turns{}, 500_ms).reason() == es::reason::timeout);
  sim.run_for(1_s);
  CHECK(log == "()abcde");
  CHECK(sim.call<flooder>(flooder::turns{}) == 1);
  CHECK(sim.broken().empty());
}

TEST_CASE(
    "a sender that waits for room is stopped all the same, and goes on when the receiver ends (SEMANTICS 10, "
    "13)") {
  std::string log;
  es::simulation<throttled> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  sim.cast<flooder>(flooder::flood{});
  sim.run_until_idle();
  SUBCASE("stopped") {
    CHECK(sim.stop() == es::reason::shutdown);
    CHECK(sim.elapsed() == 0_s);
  }
  SUBCASE("goes on") {
    sim.crash<writer>(es::at{500_ms});
    sim.run_for(500_ms);
    CHECK(sim.call<flooder>(flooder::turns{}) == 0);
    CHECK(sim.elapsed() == 500_ms);
  }
  SUBCASE("its next incarnation does not wait") {
    sim.crash<flooder>(es::at{300_ms});
    sim.run_for(300_ms);
    CHECK(sim.call<flooder>(flooder::turns{}) == 0);
    CHECK(sim.elapsed() == 300_ms);
  }
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a cast from outside waits for room (SEMANTICS 10)") {
  std::string log;
  es::simulation<throttled> sim{es::with(&log)};
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  send(sim, "abc");
  CHECK(sim.elapsed() == 0_s);
  sim.cast<writer>(writer::note{'d'});
  CHECK(sim.elapsed() == 1_s);
  sim.run_until_idle();
  CHECK(log == "()abcd");
}

/// Has the writer wait for its next incarnation, up to an hour.
template <class T>
void open_gap(es::simulation<T>& sim) {
  for (int i = 0; i != 2; ++i) {
    sim.template cast<writer>(writer::crash{});
    sim.run_until_idle();
  }
}
using waits = es::backoff<1_h, 1_h>;

TEST_CASE("in a gap the same bound holds (SEMANTICS 10)") {
  std::string log;
  SUBCASE("drop_newest") {
    es::simulation<bounded<es::overflow::drop_newest, waits>> sim{es::with(&log)};
    open_gap(sim);
    send(sim, "abcde");
    CHECK(sim.try_call<writer>(writer::ask{}).reason() == es::reason::no_reply);
    CHECK(sim.elapsed() == 0_s);
    sim.run_for(1_h);
    CHECK(log == "!!abc");
  }
  SUBCASE("drop_oldest") {
    es::simulation<bounded<es::overflow::drop_oldest, waits>> sim{es::with(&log)};
    open_gap(sim);
    send(sim, "abcde");
    sim.run_for(1_h);
    CHECK(log == "!!cde");
  }
  SUBCASE("suspend") {
    struct waiting
        : es::supervisor<es::intensity<9, 9_s>,
                         es::child<writer, es::mailbox<3, es::overflow::suspend>, waits>, flooder> {};
    es::simulation<waiting> sim{es::with(&log)};
    open_gap(sim);
    sim.cast<flooder>(flooder::flood{});
    sim.cast<flooder>(flooder::turn{});
    CHECK(sim.try_call<flooder>(flooder::turns{}, 1800_s).reason() == es::reason::timeout);
    sim.run_for(1800_s);
    CHECK(log == "!!abcde");
    CHECK(sim.call<flooder>(flooder::turns{}) == 1);
  }
}

TEST_CASE("timers and messages to itself are exempt from the bound (SEMANTICS 10)") {
  std::string log;
  es::simulation<bounded<es::overflow::drop_newest>> sim{es::with(&log)};
  sim.cast<writer>(writer::mutter{});
  sim.cast<writer>(writer::nap{});
  sim.run_until_idle();
  send(sim, "abcd");
  sim.run_for(2_s);
  CHECK(log.find("()") == 0);
  CHECK(log.find('m') != std::string::npos);
  CHECK(log.find('t') != std::string::npos);
  CHECK(log.find("abc") != std::string::npos);
  CHECK(log.find('d') == std::string::npos);
}

TEST_CASE("bounded mailboxes survive a crash everywhere, under many schedules") {
  std::string log;
  auto scenario = [](es::simulation<throttled>& sim) {
    sim.cast<flooder>(flooder::flood{});
    sim.cast<writer>(writer::nap{});
    sim.cast<flooder>(flooder::flood{});
    sim.cast<flooder>(flooder::turn{});
    sim.run_for(3_s);
  };
  for (std::uint64_t s = 1; s != 20; ++s) {
    CHECK(es::crash_everywhere<throttled>(es::with(&log), scenario, es::seed{s}));
  }
}

// --- start_limit

struct slow_starter {
  es::task<void> init(es::context<slow_starter>& self) {
    if (self.incarnation() == 2) co_await self.sleep(es::infinity);
  }
  struct crash {};
  void handle(crash) { throw 1; }
};

TEST_CASE("a start that takes longer than its limit has failed, and is tried again") {
  struct tree : es::supervisor<es::intensity<3, 9_s>, es::child<slow_starter, es::start_limit<2_s>>> {};
  es::simulation<tree> sim;
  sim.cast<slow_starter>(slow_starter::crash{});
  sim.run_for(5_s);
  CHECK(sim.matches(es::trace{}.crashed<slow_starter>().restarting<slow_starter>().started<slow_starter>()));
  CHECK(sim.reports().at(1).find("timeout: not started within 2 s") != std::string::npos);
  CHECK(sim.broken().empty());
}

struct never_up {
  es::task<void> init(es::context<never_up>& self) { co_await self.sleep(es::infinity); }
};

TEST_CASE("a tree whose start takes longer than its limit does not start, and says which child") {
  struct inner : es::supervisor<never_up> {};
  struct tree : es::supervisor<es::child<inner, es::start_limit<2_s>>> {};
  CHECK_THROWS_WITH_AS(es::simulation<tree>{},
                       doctest::Contains("inner did not start: timeout: not started within 2 s"),
                       es::start_failed);
}

}  // namespace
