// What it costs to be heard on another core, there and back: by a thread outside that calls again at once, by
// one that calls when the workers have parked, and between two processes that keep two workers awake.
#include <sched.h>

#include <thread>

#include "rows.hpp"

namespace {

struct echo {
  struct shout {
    std::uint64_t number;
    using reply = std::uint64_t;
  };
  std::uint64_t handle(shout m) {
    ++heard;
    return m.number;
  }
  std::uint64_t heard = 0;
};
struct valley : es::supervisor<echo> {};

double outside(es::system<valley>& sys, std::uint64_t count, std::chrono::microseconds pause) {
  clock_type::duration took{};
  for (std::uint64_t i = 0; i != count; ++i) {
    if (pause.count() != 0) std::this_thread::sleep_for(pause);
    const auto begin = clock_type::now();
    const std::uint64_t back = sys.call<echo>(echo::shout{i});
    took += clock_type::now() - begin;
    expect("echo", back, i);
  }
  return nanoseconds(took) / static_cast<double>(count);
}

/// Two processes that always have something to do, a message to themselves, so that with two workers each
/// keeps one busy; and a ball between them. The one that serves counts how often the other is on its thread.
template <std::size_t I>
struct side {
  using other = side<1 - I>;
  using casts = es::processes<other>;
  using needs = es::environment<stopwatch*>;
  struct start {
    std::uint64_t times;
  };
  struct poll {};
  struct ball {
    std::uint64_t number;
    std::thread::id from;
  };
  struct asked {
    using reply = std::pair<std::uint64_t, std::uint64_t>;
  };

  void handle(start m, es::context<side>& self) {
    times = m.times;
    playing = true;
    self.template cast<side, poll>();
    if constexpr (I == 0) {
      self.template environment<stopwatch*>()->start();
      self.template cast<other, typename other::ball>(1U, std::this_thread::get_id());
    }
  }
  void handle(poll, es::context<side>& self) {
    if (playing) self.template cast<side, poll>();
  }
  void handle(ball m, es::context<side>& self) {
    if (m.from != std::this_thread::get_id()) ++across;
    ++balls;
    if constexpr (I == 0) {
      if (balls == times) {
        playing = false;
        self.template environment<stopwatch*>()->stop();
        return;
      }
    } else {
      if (balls == times) playing = false;
    }
    self.template cast<other, typename other::ball>(m.number + 1, std::this_thread::get_id());
  }
  std::pair<std::uint64_t, std::uint64_t> handle(asked) const { return {balls, across}; }

  std::uint64_t times = 0;
  std::uint64_t balls = 0;
  std::uint64_t across = 0;
  bool playing = false;
};
struct court : es::supervisor<side<0>, side<1>> {};

}  // namespace

measurements wake_outside(options const& o) {
  es::system<valley> sys(settings_of(o));
  const double spinning = outside(sys, o.count, {});
  const double parked = outside(sys, o.count / 10, std::chrono::microseconds(500));
  return {{"call_outside", spinning, "ns"}, {"call_outside_parked", parked, "ns"}};
}

measurements wake_workers(options const& o) {
  if (o.workers < 2) return {};
  stopwatch watch;
  es::system<court> sys(es::with(&watch), settings_of(o));
  sys.cast<side<1>>(side<1>::start{o.count});
  sys.cast<side<0>>(side<0>::start{o.count});
  const double took = watch.wait(o.count);
  const auto [balls, across] = sys.call<side<0>>(side<0>::asked{});
  expect("balls", balls, o.count);
  return {{"across_workers", took, "ns"},
          {"across_share", 100 * static_cast<double>(across) / static_cast<double>(balls), "%"}};
}
