// Timers of 1 to 1,000 ms: how long it takes to start one, and to cancel every second one. Those that are
// left must all come, and no other.
#include "rows.hpp"

namespace {

struct alarms {
  using needs = es::environment<stopwatch*>;
  struct start {
    std::uint64_t count;
  };
  struct ring {
    std::size_t number;
  };
  struct asked {
    using reply = std::pair<double, double>;
  };
  void handle(start m, es::context<alarms>& self) {
    ids.resize(m.count);
    expected.assign(m.count, true);
    left = m.count;
    const auto begin = clock_type::now();
    start_all(self);
    const auto started = clock_type::now();
    const std::size_t cancelled = cancel_half(self);
    const auto end = clock_type::now();
    took = {nanoseconds(started - begin) / static_cast<double>(m.count),
            nanoseconds(end - started) / static_cast<double>((m.count + 1) / 2)};
    // None comes before this handler has returned.
    if (cancelled != (m.count + 1) / 2) throw miscounted("a timer could not be cancelled");
    for (std::size_t i = 0; i < m.count; i += 2) expected[i] = false;
    left -= cancelled;
    if (left == 0) self.environment<stopwatch*>()->stop();
  }
  void handle(ring m, es::context<alarms>& self) {
    if (!expected.at(m.number)) throw miscounted("a timer came twice, or though it was cancelled");
    expected[m.number] = false;
    if (--left == 0) self.environment<stopwatch*>()->stop();
  }
  std::pair<double, double> handle(asked) { return took; }

  // Functions of their own, so that their instructions can be counted.
  [[gnu::noinline]] void start_all(es::context<alarms>& self) {
    for (std::size_t i = 0; i != ids.size(); ++i) ids[i] = self.send_after(delay(i), ring{i});
  }
  [[gnu::noinline]] std::size_t cancel_half(es::context<alarms>& self) {
    std::size_t cancelled = 0;
    for (std::size_t i = 0; i < ids.size(); i += 2) cancelled += self.cancel(ids[i]);
    return cancelled;
  }

  static es::duration delay(std::size_t i) {
    return static_cast<std::int64_t>(1 + i * 7'919 % 1'000) * 1_ms;  // 7,919 is a prime
  }

  std::vector<es::timer_id> ids;
  std::vector<bool> expected;
  std::size_t left = 0;
  std::pair<double, double> took;
};

struct clock_tower : es::supervisor<alarms> {};

}  // namespace

measurements timers(options const& o) {
  stopwatch watch;
  report_count reports;
  es::system<clock_tower> sys(es::with(&watch), settings_of(o, &reports));
  sys.cast<alarms>(alarms::start{o.count});
  watch.wait(1);
  const auto [start, cancel] = sys.call<alarms>(alarms::asked{});
  sys.stop();
  expect("crashes", reports.crashes, 0);
  return {{"timer_start", start, "ns"}, {"timer_cancel", cancel, "ns"}};
}
