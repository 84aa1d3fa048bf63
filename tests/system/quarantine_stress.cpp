#include <espalier.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <random>
#include <set>

// Functions that return about when they are left behind, or while that is done (SEMANTICS 15-17). What each
// of them meets depends on time; what must hold does not. STRESS_ROUNDS in the environment says how long it
// takes.

namespace es = espalier;
using namespace es::literals;

namespace {

using clock_type = std::chrono::steady_clock;

unsigned rounds() {
  char const* const given = std::getenv("STRESS_ROUNDS");
  return given == nullptr ? 4 : static_cast<unsigned>(std::atoi(given));
}

/// What a function does around the time when it is left behind.
enum class way : unsigned char { wait, cast, time, watch, call, count };
/// And how it ends.
enum class ending : unsigned char { returns, throws, suspends, stops, count };

/// What a test and the processes of its tree share. It outlives both.
struct stage {
  std::atomic<int> alive{0};
  std::atomic<int> sent_too_late{0};
};
using shared_stage = std::shared_ptr<stage>;

/// Hears from functions, and of their callers that they have ended.
struct logs {
  using needs = es::environment<shared_stage>;
  struct line {
    std::uint64_t from = 0;
  };
  struct ended {
    std::uint64_t who = 0;
    using reply = int;
  };
  struct ask {
    std::uint64_t from = 0;
    using reply = int;
  };
  void handle(line m, es::context<logs>& self) { check(m.from, self); }
  int handle(ask m, es::context<logs>& self) { return check(m.from, self); }
  int handle(ended m) { return static_cast<int>(all.insert(m.who).second); }
  int check(std::uint64_t from, es::context<logs>& self) {
    if (all.count(from) != 0) ++self.environment<shared_stage>()->sent_too_late;
    return 1;
  }
  std::set<std::uint64_t> all;
};

/// Its crash ends its neighbours.
struct leader {
  struct fail {};
  void handle(fail) { throw std::runtime_error("told to"); }
};

/// A process with functions that take about as long as they may.
template <class P>
struct lingering {
  struct work {
    std::uint64_t id = 0;
    way by{};
    ending how{};
    int microseconds = 0;  // after it was asked to stop
    std::shared_ptr<std::atomic<bool>> has_begun;
    using reply = std::uint64_t;
  };
  struct ping {
    using reply = std::uint64_t;
  };
  struct tick {};

  explicit lingering(es::context<P>& self) : on(self.template environment<shared_stage>()) { ++on->alive; }
  lingering(lingering const&) = delete;
  lingering& operator=(lingering const&) = delete;
  ~lingering() {
    if (in_destructor != 0) linger(in_destructor);
    --on->alive;
  }

  /// Uses its context in a destructor.
  struct guard {
    ~guard() { self.cancel(timer); }
    es::context<P>& self;
    es::timer_id timer;
  };

  es::task<std::uint64_t> handle(work m, es::context<P>& self) {
    const guard tidy{self, self.send_after(1_h, tick{})};
    *m.has_begun = true;
    while (!self.stopping()) std::this_thread::sleep_for(std::chrono::microseconds(100));
    const auto end = clock_type::now() + std::chrono::microseconds(m.microseconds);
    std::this_thread::sleep_until(end - std::chrono::milliseconds(2));
    while (clock_type::now() < end) {
      switch (m.by) {
        case way::cast:
          self.template cast<logs>(logs::line{m.id});
          self.template cast<P>(tick{});
          break;
        case way::time:
          self.cancel(self.send_after(1_ms, tick{}));
          self.send_after(0_s, tick{});
          break;
        case way::watch: {
          const auto watched = self.template monitor<logs>();
          self.template link<logs>();
          self.demonitor(watched);
          self.template unlink<logs>();
          break;
        }
        case way::call:
          static_cast<void>(co_await self.template try_call_for<logs, logs::ask>(1_ms, m.id));
          break;
        default:
          break;
      }
    }
    if (m.how == ending::throws) throw std::runtime_error("late");
    if (m.how == ending::suspends) co_await self.sleep(1_h);
    if (m.how == ending::stops) self.stop();
    in_destructor = m.how == ending::stops ? 100'000 : 0;
    co_return m.id;
  }
  std::uint64_t handle(ping, es::context<P>& self) { return self.incarnation(); }
  void handle(tick) {}
  void handle(es::down<logs>) {}

  static void linger(int microseconds) {
    const auto end = clock_type::now() + std::chrono::microseconds(microseconds);
    std::this_thread::sleep_until(end);
  }

  shared_stage on;
  int in_destructor = 0;
};

/// One that stands in the tree. It is ended by its leader's crash, and its place has its next life at once.
struct member : lingering<member> {
  using calls = es::processes<logs>;
  using needs = es::environment<shared_stage>;
  using lingering::handle;
  explicit member(es::context<member>& self) : lingering(self) {}
};

/// One that is started at run time, and sometimes takes long for that, too.
struct guest : lingering<guest> {
  using calls = es::processes<logs>;
  using needs = es::environment<shared_stage>;
  using args = es::arguments<int>;
  using lingering::handle;
  guest(es::context<guest>& self, int microseconds) : lingering(self) { linger(microseconds); }
};

template <int>
struct named : es::name_for<member> {};
template <int>
struct leader_of : es::name_for<leader> {};
template <int I>
struct group : es::supervisor<es::one_for_all, es::intensity<100, 1_s>, es::child<leader_of<I>>,
                              es::child<named<I>, es::shutdown<1_ms>>> {};
struct guests : es::dynamic<es::child<guest, es::temporary, es::brutal_kill, es::start_limit<5_ms>>,
                            es::intensity<100, 1_s>> {};
struct tree : es::supervisor<es::intensity<100, 1_s>, logs, guests, group<0>, group<1>, group<2>> {};

template <class W>
W draw_work(std::minstd_rand& random, std::uint64_t id) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
  W w{.id = id, .has_begun = std::make_shared<std::atomic<bool>>(false)};
  w.by = static_cast<way>(below(static_cast<unsigned>(way::count)));
  w.how = static_cast<ending>(below(static_cast<unsigned>(ending::count)));
  w.microseconds = static_cast<int>(99'000 + below(6'000));
  return w;
}

struct stress {
  explicit stress(unsigned workers) {
    es::settings how{.workers = workers, .stall_limit = 1_ms};
    how.on_report = [this](es::report const& r) {
      if (r.kind == es::report_kind::quarantined) ++quarantined;
      CHECK(!is_closed);
    };
    const std::shared_ptr<void> everything(nullptr, [f = freed](void*) { f->set_value(); });
    sys = std::make_unique<es::system<tree>>(es::with(on, everything), how);
  }

  /// Hands out work, has its process ended once it has begun, and checks that it is answered, and that
  /// nothing comes from there any more when it has failed.
  template <class W, class Call, class End>
  void hand_out(std::minstd_rand& random, Call call, End end) {
    const W m = draw_work<W>(random, ++ids);
    auto answer = std::async(std::launch::async, [&] {
      try {
        const std::uint64_t answered = call(m);
        CHECK(answered == m.id);
      } catch (es::call_failed const& failed) {
        CHECK(failed.reason() != es::reason::timeout);
        CHECK(sys->call<logs>(logs::ended{m.id}, es::infinity) == 1);
      }
    });
    const auto a_moment = std::chrono::microseconds(200);
    while (!*m.has_begun && answer.wait_for(a_moment) != std::future_status::ready) {
    }
    end();
  }
  template <int I>
  void serve_member(unsigned seed) {
    std::minstd_rand random(seed);
    for (unsigned i = 0; i != rounds(); ++i) {
      hand_out<member::work>(
          random, [&](auto m) { return sys->call<named<I>>(m, es::infinity); },
          [&] { sys->cast<leader_of<I>>(leader::fail{}); });
      sys->call<named<I>>(member::ping{}, es::infinity);
    }
  }
  void serve_guest(unsigned seed) {
    std::minstd_rand random(seed);
    for (unsigned i = 0; i != rounds(); ++i) {
      const int takes = random() % 4 != 0 ? 0 : 104'000 + static_cast<int>(random() % 4'000);
      try {
        const auto who = sys->start_child<guests>(takes);
        hand_out<guest::work>(
            random, [&](auto m) { return sys->call(who, m, 1_h); }, [&] { sys->terminate_child(who); });
      } catch (es::call_failed const& failed) {
        CHECK(failed.reason() == es::reason::timeout);  // of the start
      }
    }
  }

  std::shared_ptr<std::promise<void>> freed = std::make_shared<std::promise<void>>();
  shared_stage on = std::make_shared<stage>();
  std::atomic<int> quarantined{0};
  std::atomic<bool> is_closed{false};
  std::atomic<std::uint64_t> ids{0};
  std::unique_ptr<es::system<tree>> sys;
};

TEST_CASE("functions may return at any moment around that when they are left behind (SEMANTICS 17)") {
  for (unsigned workers : {1U, 2U, 4U}) {
    stress s(workers);
    std::vector<std::future<void>> all;
    all.push_back(std::async(std::launch::async, [&] { s.serve_member<0>(workers); }));
    all.push_back(std::async(std::launch::async, [&] { s.serve_member<1>(workers + 10); }));
    all.push_back(std::async(std::launch::async, [&] { s.serve_member<2>(workers + 20); }));
    all.push_back(std::async(std::launch::async, [&] { s.serve_guest(workers + 30); }));
    all.push_back(std::async(std::launch::async, [&] { s.serve_guest(workers + 40); }));
    all.clear();
    s.sys.reset();
    s.is_closed = true;
    s.freed->get_future().wait();  // at the latest with the last function
    CHECK(s.on->alive == 0);
    CHECK(s.on->sent_too_late == 0);
    if (std::getenv("STRESS_ROUNDS") != nullptr)
      MESSAGE(s.quarantined.load(), " left behind of ", s.ids.load());
  }
}

/// Is stopped together with its siblings, and returns about when all of the system is over.
struct last : lingering<last> {
  using calls = es::processes<logs>;
  using needs = es::environment<shared_stage>;
  using lingering::handle;
  explicit last(es::context<last>& self) : lingering(self) {}
};
struct all_last : es::dynamic<es::child<last, es::temporary, es::brutal_kill>> {};

TEST_CASE("functions may return at any moment around that when ~system does (SEMANTICS 17)") {
  const auto end_systems = [](unsigned workers) {
    std::minstd_rand random(workers);
    for (unsigned i = 0; i != rounds(); ++i) {
      const auto on = std::make_shared<stage>();
      auto freed = std::make_shared<std::promise<void>>();
      {
        const std::shared_ptr<void> everything(nullptr, [freed](void*) { freed->set_value(); });
        es::system<es::supervisor<logs, all_last>> sys{
            es::with(on, everything), {.workers = workers, .stall_limit = 1_ms, .on_report = nullptr}};
        for (unsigned n = 0; n != 4; ++n) {
          const auto work = draw_work<last::work>(random, n);
          sys.cast(sys.start_child<all_last>(), work);
          if (n % 2 == 0) continue;  // it may have begun, or not
          while (!*work.has_begun) std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
      }
      freed->get_future().wait();
      CHECK(on->alive == 0);
    }
  };
  std::vector<std::future<void>> all;
  for (unsigned workers : {1U, 2U, 4U}) {
    for (unsigned n = 0; n != 2; ++n) all.push_back(std::async(std::launch::async, end_systems, workers));
  }
}

}  // namespace
