// What it costs to be heard on another core, there and back: by a thread outside that calls, and so sleeps
// until the answer, and by one that casts and spins until the process has set a flag. Each once with a worker
// that still searches for work, and once with workers that have parked.
#include <sched.h>

#include <thread>

#include "rows.hpp"

namespace {

using heard_flag = std::atomic<std::uint64_t>;

struct echo {
  using needs = es::environment<heard_flag*>;
  struct shout {
    std::uint64_t number;
    using reply = std::uint64_t;
  };
  struct whisper {
    std::uint64_t number;
  };
  std::uint64_t handle(shout m) { return m.number; }
  void handle(whisper m, es::context<echo>& self) {
    self.environment<heard_flag*>()->store(m.number, std::memory_order_release);
  }
};
struct valley : es::supervisor<echo> {};

/// Nanoseconds of one `round_trip`, which is given a number from 1 up; after a pause that is not measured.
template <class RoundTrip>
double time_of(std::uint64_t count, std::chrono::microseconds pause, RoundTrip round_trip) {
  clock_type::duration took{};
  for (std::uint64_t i = 1; i <= count; ++i) {
    if (pause.count() != 0) std::this_thread::sleep_for(pause);
    const auto begin = clock_type::now();
    round_trip(i);
    took += clock_type::now() - begin;
  }
  return nanoseconds(took) / static_cast<double>(count);
}

/// Keeps the calling thread, and those that it starts, on that core, as the threads of the floor are. A
/// worker that is woken beside a thread that spins would now and then wait for that one's core.
void stay_on_core(std::size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);  // with one core, nothing changes
}

}  // namespace

measurements wake_outside(options const& o) {
  constexpr std::chrono::microseconds until_parked{500};
  heard_flag heard{0};
  if (o.workers == 1) stay_on_core(0);
  es::system<valley> sys(es::with(&heard), settings_of(o));
  stay_on_core(1);
  const auto call = [&](std::uint64_t i) { expect("echo", sys.call<echo>(echo::shout{i}), i); };
  const auto cast = [&](std::uint64_t i) {
    sys.cast<echo>(echo::whisper{i});
    while (heard.load(std::memory_order_acquire) != i) __builtin_ia32_pause();
  };
  const double cast_spinning = time_of(o.count, {}, cast);
  const double cast_parked = time_of(o.count / 10, until_parked, cast);
  const double call_spinning = time_of(o.count, {}, call);
  const double call_parked = time_of(o.count / 10, until_parked, call);
  return {{"cast_outside", cast_spinning, "ns"},
          {"cast_outside_parked", cast_parked, "ns"},
          {"call_outside", call_spinning, "ns"},
          {"call_outside_parked", call_parked, "ns"}};
}
