// Processes that their supervisors start and end there and then, where they are at rest (lives.hpp), while
// threads outside send to them, ask for them to be ended and started again, and have them crash. What each of
// them meets depends on time; what must hold does not.
#include <espalier.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace es = espalier;
using namespace es::literals;

namespace {

/// Neither its start nor its end runs code of its own.
struct plain {
  struct crash {};
  struct ask {
    using reply = int;
  };
  void handle(crash) { throw std::runtime_error("told to"); }
  int handle(ask) { return ++asked; }
  int asked = 0;
};
/// Its start does.
struct built {
  using crash = plain::crash;
  using ask = plain::ask;
  explicit built(es::context<built>& self) : incarnation(self.incarnation()) {}
  void handle(crash) { throw std::runtime_error("told to"); }
  int handle(ask) { return static_cast<int>(incarnation); }
  std::uint64_t incarnation;
};
struct other : es::name_for<plain> {};

using often = es::intensity<1'000'000, 1_min>;
struct group : es::supervisor<es::one_for_all, often, plain, built, other> {};

void in_threads(std::vector<std::function<void()>> const& all) {
  std::vector<std::thread> threads;
  for (auto const& f : all) threads.emplace_back(f);
  for (auto& t : threads) t.join();
}

es::settings quiet(unsigned workers) {
  return {.workers = workers, .on_report = [](es::report const&) {}};
}

/// Whether something comes true in time.
bool eventually(auto is_true) {
  const auto begin = std::chrono::steady_clock::now();
  while (!is_true()) {
    if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(60)) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Whether a call that is made was answered, or has failed for one of these reasons.
bool is_answered(auto call, std::initializer_list<es::reason> or_failed) {
  try {
    static_cast<void>(call());
    return true;
  } catch (es::call_failed const& failed) {
    for (const es::reason r : or_failed) {
      if (failed.reason() == r) return true;
    }
    return false;
  }
}

TEST_CASE("who calls processes that crash, stop and start all the time has an answer to each call") {
  constexpr int calls = 2'000;
  for (const unsigned workers : {1U, 3U}) {
    es::system<group> sys(quiet(workers));
    std::atomic<int> answered{0};
    const auto call = [&]<class Name, class Message>(std::type_identity<Name>, Message m) {
      using enum es::reason;
      answered += is_answered([&] { return sys.template call<Name>(m, 60_s); }, {crashed, shutdown, noproc});
    };
    const auto caller = [&](int crashes_each) {
      for (int i = 1; i <= calls; ++i) {
        call(std::type_identity<plain>(), plain::ask{});
        call(std::type_identity<built>(), built::ask{});
        call(std::type_identity<other>(), plain::ask{});
        if (i % crashes_each == 0) sys.cast<other>(plain::crash{});
        if (i % crashes_each == 1) sys.cast<built>(built::crash{});
      }
    };
    const auto administrator = [&] {
      for (int i = 0; i != calls / 10; ++i) {
        CHECK(sys.terminate_child<plain>() == es::child_result::ok);
        const es::child_result again = sys.restart_child<plain>();  // a restart of the group may come first
        CHECK((again == es::child_result::ok || again == es::child_result::running ||
               again == es::child_result::restarting));
      }
    };
    in_threads({[&] { caller(7); }, [&] { caller(100); }, administrator});
    CHECK(answered == 2 * 3 * calls);
    // The last crashes may still be under way.
    CHECK(eventually([&] { return is_answered([&] { return sys.call<plain>(plain::ask{}); }, {}); }));
    CHECK(eventually([&] { return is_answered([&] { return sys.call<built>(built::ask{}); }, {}); }));
  }
}

/// Counts, and may be asked for the sum.
struct counter {
  struct note {
    int count;
  };
  struct ask {
    using reply = int;
  };
  void handle(note n) { notes += n.count; }
  int handle(ask) { return notes; }
  int notes = 0;
};
/// Ends after its first message. The second one comes too late, or to somebody else.
struct visitor {
  using casts = es::processes<counter>;
  struct visit {};
  struct mistake {};
  void handle(visit, es::context<visitor>& self) {
    self.cast<counter>(counter::note{1});
    self.stop();
  }
  void handle(mistake, es::context<visitor>& self) { self.cast<counter>(counter::note{1'000'000}); }
};
/// Stays.
struct resident {
  struct ask {
    using reply = int;
  };
  int handle(ask) { return 1; }
};
struct visitors : es::dynamic<es::child<visitor, es::temporary>> {};
struct residents : es::dynamic<es::child<resident, es::temporary>> {};
struct house : es::supervisor<es::one_for_all, counter, visitors, residents> {};

TEST_CASE("each temporary child gets its message and not that of another, whoever starts them") {
  constexpr int each = 3'000;
  for (const unsigned workers : {1U, 3U}) {
    es::system<house> sys(quiet(workers));
    const auto host = [&] {
      for (int i = 0; i != each; ++i) {
        const auto one = sys.start_child<visitors>();
        CHECK(one);
        sys.cast(one, visitor::visit{});
        sys.cast(one, visitor::mistake{});
      }
    };
    in_threads({host, host});
    CHECK(eventually([&] { return sys.count_children<visitors>().active == 0; }));
    CHECK(sys.call<counter>(counter::ask{}) == 2 * each);
  }
}

TEST_CASE("children at rest are all ended by their supervisor's stop, and answer before or not at all") {
  using enum es::reason;
  for (const unsigned workers : {1U, 3U}) {
    es::system<house> sys(quiet(workers));
    for (int round = 0; round != 20; ++round) {
      std::vector<es::ref<resident>> all;
      for (int i = 0; i != 200; ++i) all.push_back(sys.start_child<residents>());
      const auto ask = [&](es::ref<resident> const& r) { return sys.call(r, resident::ask{}); };
      in_threads({[&] {
                    for (auto const& r : all) CHECK(is_answered([&] { return ask(r); }, {shutdown, noproc}));
                  },
                  [&] { CHECK(sys.restart_group<counter>() == es::child_result::ok); }});
      for (auto const& r : all) CHECK_THROWS_AS(ask(r), es::call_failed);
      CHECK(sys.count_children<residents>().active == 0);
    }
  }
}

struct modest {
  using needs = es::environment<std::atomic<bool>*>;
  struct note {};
  void handle(note, es::context<modest>& self) { *self.environment<std::atomic<bool>*>() = true; }
};
/// Starts visitors in one go, until another process has had its turn.
struct greedy {
  using starts = es::processes<visitors>;
  using casts = es::processes<modest>;
  using needs = es::environment<std::atomic<bool>*>;
  struct go {
    using reply = int;
  };
  es::task<int> handle(go, es::context<greedy>& self) {
    auto const& has_run = *self.environment<std::atomic<bool>*>();
    self.cast<modest, modest::note>();
    int started = 0;
    for (; !has_run && started != too_many; ++started) co_await self.start_child<visitors>();
    co_return started;
  }
  static constexpr int too_many = 100'000;
};
/// Starts more than there may be.
struct crowd : es::dynamic<es::child<resident, es::temporary>, es::max_children<100>> {};
struct crowding {
  using starts = es::processes<crowd>;
  struct go {
    using reply = int;
  };
  es::task<int> handle(go, es::context<crowding>& self) {
    int refused = 0;
    for (int i = 0; i != 150; ++i) {
      try {
        const es::ref<resident> child = co_await self.start_child<crowd>();
        if (!child) co_return -1;
      } catch (es::call_failed const& failed) {
        refused += failed.reason() == es::reason::max_children;
      }
    }
    co_return refused;
  }
};
struct both : es::supervisor<counter, visitors, modest, greedy, crowd, crowding> {};

TEST_CASE("a process that starts children in one go lets others have their turns") {
  std::atomic<bool> has_run{false};
  es::system<both> sys(es::with(&has_run), quiet(1));
  CHECK(sys.call<greedy>(greedy::go{}, 60_s) < greedy::too_many);
}

TEST_CASE("a start that is answered at once may be refused, too") {
  std::atomic<bool> has_run{false};
  es::system<both> sys(es::with(&has_run), quiet(1));
  CHECK(sys.call<crowding>(crowding::go{}, 60_s) == 50);
  CHECK(sys.count_children<crowd>().active == 100);
}

}  // namespace
