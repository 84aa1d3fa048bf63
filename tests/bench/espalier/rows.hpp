// What the rows of the benchmark share. A row does its work once, on a system of its own, and answers what it
// measured; it throws `miscounted` if its counts do not add up.
#pragma once

#include <atomic>
#include <espalier.hpp>
#include <semaphore>
#include <utility>

#include "../measurement.hpp"

namespace es = espalier;
using namespace es::literals;

struct options {
  unsigned workers = 1;
  std::uint64_t count = 0;  // of operations
};

/// Started and stopped by processes, once each; the main thread waits for the second.
class stopwatch {
 public:
  void start() { began_ = clock_type::now(); }
  void stop() {
    ended_ = clock_type::now();
    done_.release();
  }
  /// Blocks until `stop`. Answers the nanoseconds of one of `n` operations.
  double wait(std::uint64_t n) {
    if (!done_.try_acquire_for(std::chrono::seconds(50))) throw miscounted("not done within 50 s");
    return nanoseconds(ended_ - began_) / static_cast<double>(n);
  }

 private:
  clock_type::time_point began_;
  clock_type::time_point ended_;
  std::binary_semaphore done_{0};
};

/// Crashes are part of the work, so their reports are counted, not printed.
struct report_count {
  std::atomic<std::uint64_t> crashes{0};
  std::atomic<std::uint64_t> others{0};
};

inline es::settings settings_of(options const& o, report_count* reports = nullptr) {
  es::settings out;
  out.workers = o.workers;
  if (reports != nullptr) {
    out.on_report = [reports](es::report const& r) {
      (r.kind == es::report_kind::child_terminated ? reports->crashes : reports->others) += 1;
    };
  }
  return out;
}

measurements ping_pong(options const&);
measurements counting(options const&);
measurements ring_100(options const&);
measurements ring_503(options const&);
measurements fork_join(options const&);
measurements create(options const&);
measurements idle_process(options const&);
measurements big(options const&);
measurements call(options const&);
measurements restart_one(options const&);
measurements restart_all(options const&);
measurements timers(options const&);
measurements ordered_stop(options const&);
measurements idle_cpu(options const&);
measurements wake_outside(options const&);
