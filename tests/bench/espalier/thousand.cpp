// A tree of 1,000 processes: how long its ordered stop takes, and what it costs while it is idle.
#include <sys/resource.h>

#include <thread>

#include "rows.hpp"

namespace {

constexpr std::size_t size = 1'000;

/// Who is up. Processes start and stop one after the other, so the last one that started stops first.
struct roll_call {
  std::size_t up = 0;
  std::size_t out_of_order = 0;
};

struct member {
  using needs = es::environment<roll_call*>;
  explicit member(es::context<member>& self) : roll(self.environment<roll_call*>()), number(roll->up++) {}
  void terminate(es::exit_reason const& why) {
    --roll->up;
    if (roll->up != number || why != es::reason::shutdown) ++roll->out_of_order;
  }
  roll_call* roll;
  std::size_t number;
};

template <std::size_t I>
struct number : es::name_for<member> {};

/// Ten timers a second.
struct metronome {
  using needs = es::environment<stopwatch*>;
  struct start {};
  struct tick {};
  struct asked {
    using reply = std::uint64_t;
  };
  void handle(start, es::context<metronome>& self) { self.send_every(100_ms, tick{}); }
  void handle(tick) { ++ticks; }
  std::uint64_t handle(asked) const { return ticks; }

  std::uint64_t ticks = 0;
};

template <class Sequence>
struct thousand_of;
template <std::size_t... I>
struct thousand_of<std::index_sequence<I...>> : es::supervisor<number<I>..., metronome> {};
struct thousand : thousand_of<std::make_index_sequence<size>> {};

double processor_microseconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto in_microseconds = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return in_microseconds(used.ru_utime) + in_microseconds(used.ru_stime);
}

}  // namespace

measurements ordered_stop(options const& o) {
  expect("processes", o.count, size);
  roll_call roll;
  stopwatch watch;
  es::system<thousand> sys(es::with(&roll, &watch), settings_of(o));
  expect("started", roll.up, size);
  const auto begin = clock_type::now();
  sys.stop();
  const auto took = clock_type::now() - begin;
  expect("still up", roll.up, 0);
  expect("out of order", roll.out_of_order, 0);
  return {{"ordered_stop", nanoseconds(took) / 1e3, "us"}};
}

measurements idle_cpu(options const& o) {
  roll_call roll;
  stopwatch watch;
  es::system<thousand> sys(es::with(&roll, &watch), settings_of(o));
  sys.cast<metronome>(metronome::start{});
  const std::uint64_t first = sys.call<metronome>(metronome::asked{});
  const double before = processor_microseconds();
  std::this_thread::sleep_for(std::chrono::seconds(o.count));
  const double used = processor_microseconds() - before;
  const std::uint64_t ticks = sys.call<metronome>(metronome::asked{}) - first;
  if (ticks + 2 < 10 * o.count || ticks > 10 * o.count + 1) expect("ticks", ticks, 10 * o.count);
  return {{"idle_cpu", used / static_cast<double>(o.count), "us/s"}};
}
