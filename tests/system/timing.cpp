#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace es = espalier;
using namespace es::literals;

namespace {

struct clockwork {
  struct note {
    int n;
  };
  struct start_one {
    es::duration delay;
    int n;
  };
  struct start_every {
    es::duration period;
  };
  struct tick {};
  struct cancel {
    using reply = bool;
  };
  struct all {
    using reply = std::vector<int>;
  };
  struct crash {};
  struct slow {
    es::duration how_long;
  };

  void handle(note m) { got.push_back(m.n); }
  void handle(start_one m, es::context<clockwork>& self) { last = self.send_after(m.delay, note{m.n}); }
  void handle(start_every m, es::context<clockwork>& self) { last = self.send_every(m.period, tick{}); }
  void handle(tick) { got.push_back(0); }
  bool handle(cancel, es::context<clockwork>& self) { return self.cancel(last); }
  std::vector<int> handle(all) { return got; }
  void handle(crash) { throw std::runtime_error("told to"); }
  es::task<void> handle(slow m, es::context<clockwork>& self) { co_await self.sleep(m.how_long); }

  std::vector<int> got;
  es::timer_id last;
};
using tree = es::supervisor<es::intensity<9, 5_s>, clockwork>;

TEST_CASE("send_after sends once, when the time has come, in order of time") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_one{30_ms, 3});
  sim.cast<clockwork>(clockwork::start_one{10_ms, 1});
  sim.cast<clockwork>(clockwork::start_one{20_ms, 2});
  sim.run_for(10_ms - 1_ns);
  CHECK(sim.call<clockwork>(clockwork::all{}).empty());
  sim.run_for(1_s);
  CHECK(sim.call<clockwork>(clockwork::all{}) == std::vector{1, 2, 3});
}

TEST_CASE("send_every sends again and again, and cancel ends it") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_every{10_ms});
  sim.run_for(35_ms);
  CHECK(sim.call<clockwork>(clockwork::all{}).size() == 3);
  CHECK(sim.call<clockwork>(clockwork::cancel{}));
  CHECK_FALSE(sim.call<clockwork>(clockwork::cancel{}));
  sim.run_for(1_s);
  CHECK(sim.call<clockwork>(clockwork::all{}).size() == 3);
}

TEST_CASE("ticks that a suspended handler has missed are not made up for") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_every{10_ms});
  sim.run_until_idle();
  sim.cast<clockwork>(clockwork::slow{95_ms});
  sim.run_for(100_ms);
  CHECK(sim.call<clockwork>(clockwork::all{}).size() == 2);  // one waited, and the one at 100 ms
}

TEST_CASE("a message sent later can be cancelled until it is sent") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_one{10_ms, 1});
  sim.run_until_idle();
  CHECK(sim.call<clockwork>(clockwork::cancel{}));
  sim.cast<clockwork>(clockwork::start_one{10_ms, 2});
  sim.run_for(1_s);
  CHECK_FALSE(sim.call<clockwork>(clockwork::cancel{}));
  CHECK(sim.call<clockwork>(clockwork::all{}) == std::vector{2});
}

template <std::size_t Size>
struct parcel {
  unsigned char bytes[Size];
};
struct nothing {};
struct pair_of_words {
  std::uint64_t a;
  std::uint64_t b;
};
struct shy {
  int n;
  shy const* operator&() const { return nullptr; }
};
struct alignas(32) aligned {
  double x;
};
struct post_office {
  struct send {};
  struct cancel_all {
    using reply = int;
  };
  struct all {
    using reply = std::vector<std::string>;
  };
  void handle(send, es::context<post_office>& self) {
    int volatile five = 5;
    last = {self.send_after(1_ms, nothing{}),
            self.send_after(2_ms, parcel<1>{{7}}),
            self.send_after(3_ms, parcel<9>{{1, 2, 3, 4, 5, 6, 7, 8, 9}}),
            self.send_after(4_ms, pair_of_words{11, 12}),
            self.send_after(5_ms, parcel<17>{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}}),
            self.send_after(6_ms, aligned{0.5}),
            self.send_after(7_ms, std::string("a text that is too long for a small string")),
            self.send_after(8_ms, std::make_unique<int>(3)),
            self.send_after(9_ms, shy{4}),
            self.send_after(10_ms, five)};
  }
  int handle(cancel_all, es::context<post_office>& self) {
    int cancelled = 0;
    for (const es::timer_id t : last) cancelled += self.cancel(t);
    return cancelled;
  }
  void handle(nothing) { got.push_back("nothing"); }
  void handle(parcel<1> p) { got.push_back(std::to_string(p.bytes[0])); }
  void handle(parcel<9> p) { got.push_back(std::to_string(p.bytes[0]) + std::to_string(p.bytes[8])); }
  void handle(pair_of_words p) { got.push_back(std::to_string(p.a) + std::to_string(p.b)); }
  void handle(parcel<17> p) { got.push_back(std::to_string(p.bytes[0]) + std::to_string(p.bytes[16])); }
  void handle(aligned const& a) {
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(&a) % 32 == 0;
    got.push_back(is_aligned ? std::to_string(a.x) : "misplaced");
  }
  void handle(std::string const& s) { got.push_back(s); }
  void handle(shy s) { got.push_back(std::to_string(s.n)); }
  void handle(int n) { got.push_back(std::to_string(n)); }
  void handle(std::unique_ptr<int> p) { got.push_back(std::to_string(*p)); }
  std::vector<std::string> handle(all) { return std::exchange(got, {}); }

  std::vector<es::timer_id> last;
  std::vector<std::string> got;
};

TEST_CASE("messages of any size and kind come later as they were sent, and can be cancelled") {
  es::simulation<es::supervisor<post_office>> sim;
  for (int round = 0; round != 20; ++round) {  // so many that they are not in a list any more
    sim.cast<post_office>(post_office::send{});
    if (round % 2 == 0) {
      CHECK(sim.call<post_office>(post_office::cancel_all{}) == 10);
      CHECK(sim.call<post_office>(post_office::cancel_all{}) == 0);
    }
  }
  sim.run_for(10_ms);
  std::vector<std::string> expected;
  for (auto const* what : {"nothing", "7", "19", "1112", "117", "0.500000",
                           "a text that is too long for a small string", "3", "4", "5"}) {
    expected.insert(expected.end(), 10, what);
  }
  CHECK(sim.call<post_office>(post_office::all{}) == expected);
  CHECK(sim.call<post_office>(post_office::cancel_all{}) == 0);
}

TEST_CASE("timers end with the incarnation that started them") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_one{10_ms, 1});
  sim.cast<clockwork>(clockwork::start_every{10_ms});
  sim.run_for(5_ms);
  sim.cast<clockwork>(clockwork::crash{});
  sim.run_for(1_s);
  CHECK(sim.call<clockwork>(clockwork::all{}).empty());
}

TEST_CASE("a timer's message that is queued when its incarnation ends is lost with it") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_one{10_ms, 1});
  sim.cast<clockwork>(clockwork::start_every{10_ms});
  sim.run_until_idle();
  sim.crash<clockwork>(es::after_message{1});
  sim.cast<clockwork>(clockwork::slow{20_ms});
  sim.run_for(1_s);
  CHECK(sim.matches(es::trace{}.crashed<clockwork>().started<clockwork>()));
  CHECK(sim.call<clockwork>(clockwork::all{}).empty());
}

struct watched {
  struct crash {};
  void handle(crash) { throw 1; }
};
/// What its messages for later hold does something with its context when it is destroyed.
struct keeper {
  using casts = es::processes<watched>;
  struct at_the_end {
    explicit at_the_end(std::function<void()> w) : what(std::move(w)) {}
    at_the_end(at_the_end const&) = delete;
    ~at_the_end() { what(); }
    std::function<void()> what;
  };
  struct held {
    std::shared_ptr<at_the_end> end;
  };
  struct tick {};
  struct keep {
    es::duration delay;  // or at once, by a cast to itself, if it is negative
    bool begins;
  };
  struct crash {};
  void handle(keep m, es::context<keeper>& self) {
    const es::timer_id other = self.send_after(1_s, tick{});
    const es::monitor_id watch = self.monitor<watched>();
    auto what = [&self, other, watch, begins = m.begins] {
      did = {self.cancel(other), self.demonitor(watch)};
      if (!begins) return;
      self.send_after(5_ms, tick{});
      self.monitor<watched>();
      self.link<watched>();
    };
    const held message{std::make_shared<at_the_end>(what)};
    if (m.delay < es::duration{}) {
      self.cast<keeper>(message);
    } else {
      self.send_after(m.delay, message);
    }
  }
  es::task<void> handle(crash, es::context<keeper>& self) {
    co_await self.sleep(10_ms);
    throw 1;
  }
  void handle(held const&) { throw 2; }
  void handle(tick, es::context<keeper>& self) { ticks.push_back(self.incarnation()); }
  void handle(es::down<watched>) { ++downs; }
  static inline std::pair<bool, bool> did;
  static inline int downs = 0;
  static inline std::vector<std::uint64_t> ticks;
};

TEST_CASE("a message to itself that is lost with its incarnation may use the context when it is destroyed") {
  const auto lose = [](keeper::keep m, bool crashes) {
    keeper::did = {true, true};
    keeper::ticks.clear();
    keeper::downs = 0;
    es::simulation<es::supervisor<es::intensity<9, 5_s>, watched, keeper>> sim;
    sim.cast<keeper>(m);
    if (crashes) sim.cast<keeper>(keeper::crash{});
    sim.run_for(100_ms);
    CHECK(sim.matches(es::trace{}.crashed<keeper>().started<keeper>()));
    // What began while the messages were destroyed would be seen now.
    sim.cast<watched>(watched::crash{});
    sim.run_for(100_ms);
    CHECK(sim.matches(es::trace{}.crashed<keeper>().started<keeper>().crashed<watched>().started<watched>()));
    CHECK(keeper::ticks == std::vector<std::uint64_t>{});
    CHECK(keeper::downs == 0);
    sim.stop();
    sim.audit_end();
    CHECK(sim.broken() == std::vector<std::string>{});
    return keeper::did;
  };
  for (const bool begins : {false, true}) {
    CAPTURE(begins);
    CHECK(lose({5_ms, begins}, true) == std::pair{true, false});         // it waits in the mailbox
    CHECK(lose({5_ms, begins}, false) == std::pair{true, false});        // it is being handled
    CHECK(lose({2_s, begins}, true) == std::pair{false, false});         // it is not due: all end together
    CHECK(lose({0_s - 1_ms, begins}, false) == std::pair{true, false});  // a cast that is being handled
  }
}

TEST_CASE("a message that is left behind with its incarnation does nothing with the context (SEMANTICS 17)") {
  for (const bool begins : {false, true}) {
    CAPTURE(begins);
    keeper::did = {true, true};
    keeper::ticks.clear();
    es::simulation<es::supervisor<watched, es::child<keeper, es::shutdown<10_ms>>>> sim;
    sim.slow<keeper, keeper::crash>(2_s);
    sim.cast<keeper>(keeper::keep{500_ms, begins});
    sim.cast<keeper>(keeper::crash{});
    sim.run_for(100_ms);
    sim.stop();
    CHECK(sim.reports().at(0).find("quarantined") != std::string::npos);
    sim.run_for(5_s);
    CHECK(keeper::did == std::pair{false, false});
    CHECK(keeper::ticks == std::vector<std::uint64_t>{});
    CHECK(sim.broken() == std::vector<std::string>{});
  }
}

TEST_CASE("what came while a handler was busy is handled before a timer's message that was due meanwhile") {
  es::simulation<tree> sim;
  sim.slow<clockwork, clockwork::tick>(50_ms);
  sim.cast<clockwork>(clockwork::start_one{10_ms, 1});
  sim.run_until_idle();
  sim.cast<clockwork>(clockwork::tick{});
  sim.run_for(20_ms);
  sim.cast<clockwork>(clockwork::note{2});
  sim.run_for(1_s);
  CHECK(sim.call<clockwork>(clockwork::all{}) == std::vector{0, 2, 1});
}

struct throws_on_tick {
  void init(es::context<throws_on_tick>& self) { self.send_after(1_s, tick{}); }
  struct tick {};
  void handle(tick) { throw 1; }
};

TEST_CASE("a throw from a timer's message is a crash like any other (promise 6)") {
  es::simulation<es::supervisor<throws_on_tick>> sim;
  sim.run_for(1500_ms);
  CHECK(sim.matches(es::trace{}.crashed<throws_on_tick>().started<throws_on_tick>()));
}

/// It is copied as bytes, but moving it runs code.
struct thrown_when_moved {
  thrown_when_moved() = default;
  thrown_when_moved(thrown_when_moved const&) = default;
  template <class Other>
  requires std::is_same_v<Other, thrown_when_moved> thrown_when_moved(Other&&) {
    throw std::runtime_error("moved");
  }
};
struct moves_what_comes_later {
  void init(es::context<moves_what_comes_later>& self) {
    const thrown_when_moved sent;
    self.send_after(1_s, sent);
  }
  void handle(thrown_when_moved) {}
};

TEST_CASE("code of a message that is small and plain but for a constructor runs in its process only") {
  static_assert(std::is_trivially_copyable_v<thrown_when_moved>);
  es::simulation<es::supervisor<moves_what_comes_later>> sim;
  sim.run_for(1500_ms);
  CHECK(sim.matches(es::trace{}.crashed<moves_what_comes_later>().started<moves_what_comes_later>()));
}

struct armed_in_a_failing_start {
  void init(es::context<armed_in_a_failing_start>& self) {
    if (self.incarnation() == 1) return;
    self.send_after(0_s, tick{});
    if (self.incarnation() == 2) throw std::runtime_error("not yet");
  }
  struct tick {};
  struct crash {};
  struct count {
    using reply = int;
  };
  void handle(tick) { ++ticks; }
  void handle(crash) { throw 1; }
  int handle(count) { return ticks; }
  int ticks = 0;
};

TEST_CASE("timers of a start that failed do not outlive it") {
  es::simulation<es::supervisor<es::intensity<3, 5_s>, armed_in_a_failing_start>> sim;
  sim.cast<armed_in_a_failing_start>(armed_in_a_failing_start::crash{});
  sim.run_for(1_s);
  CHECK(sim.call<armed_in_a_failing_start>(armed_in_a_failing_start::count{}) == 1);
}

TEST_CASE("a period that is not positive is an error in the process that asks for it") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::start_every{0_s});
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<clockwork>()));
}

TEST_CASE("a tiny period after a long handler costs no time to catch up") {
  es::simulation<tree> sim;
  sim.cast<clockwork>(clockwork::slow{24_h});
  sim.cast<clockwork>(clockwork::start_every{1_ns});
  sim.cast<clockwork>(clockwork::slow{24_h});
  sim.run_for(24_h);
  sim.run_for(24_h);
  CHECK(sim.call<clockwork>(clockwork::cancel{}));
}

TEST_CASE("a limit or a delay that is negative is over at once") {
  es::simulation<tree> sim;
  CHECK_THROWS_WITH_AS(sim.call<clockwork>(clockwork::all{}, 0_s - 1_s), "call to clockwork failed: timeout",
                       es::call_failed);
  sim.cast<clockwork>(clockwork::start_one{0_s - 5_s, 1});
  sim.run_until_idle();
  sim.run_for(1_ns);
  CHECK(sim.call<clockwork>(clockwork::all{}) == std::vector{1});
}

}  // namespace
