// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <espalier/plan/window.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

// The steady clock, and one that is cheaper to ask, for what may come a little late.
//
//   1. A thread remembers when it read the steady clock, and the count of the processor's time stamp counter
//      just before that.
//   2. While the counter has gone on by few ticks only, not more than `slack` has passed since: no counter is
//      slower than 500 MHz. So what was read and `slack` is not before now, and at most `slack` after it.
//   3. It is answered the same when the clock has just been read. So what one thread is answered never goes
//      back; another thread may have read the clock before that.
//   4. The counter is trusted if it never stops, and goes on at one speed, as the processor says, and if the
//      kernel reads its own clock from it: then it is the same on all processors. Elsewhere the clock is read
//      each time; and also from when the counter is found to have been slower than that, since a kernel that
//      loses its trust in it does not tell.
namespace espalier::runtime {

/// The clock and the counter of this machine.
struct machine_clock {
  static instant now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }
#if defined(__x86_64__)
  static std::uint64_t counter() { return __builtin_ia32_rdtsc(); }
  static bool may_be_trusted() {
    unsigned a = 0, b = 0, c = 0, features = 0;
    if (__get_cpuid(0x80000007U, &a, &b, &c, &features) == 0 || (features & (1U << 8)) == 0) return false;
    std::FILE* const in = std::fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
    if (in == nullptr) return false;
    char name[8] = {};
    const bool was_read = std::fgets(name, sizeof name, in) != nullptr;
    std::fclose(in);
    return was_read && std::strcmp(name, "tsc\n") == 0;
  }
#else
  static std::uint64_t counter() { return 0; }
  static bool may_be_trusted() { return false; }
#endif
};

template <class Machine>
class recent_clock_of {
 public:
  static constexpr duration slack{16'384};

  static instant now() { return Machine::now(); }

  /// Whether `not_before_now` is cheap, for tests.
  static bool is_cheap() { return trusts_counter_.load(std::memory_order_relaxed); }
  /// An instant that is not before now, and at most `slack` after it.
  static instant not_before_now() {
    if (!is_cheap()) return std::max(not_before_, now());
    const std::uint64_t count = Machine::counter();
    if (count - read_at_ >= enough_ticks) read(count);
    return not_before_;
  }

 private:
  static constexpr std::uint64_t enough_ticks = 8'192;
  static constexpr std::uint64_t longest_tick = 2;  // nanoseconds

  [[gnu::noinline]] static void read(std::uint64_t count) {
    const instant at = now();
    // From the last reading of the counter to one after that of the clock, so that a thread that lost its
    // core in between does not blame the counter.
    const std::uint64_t ticks = Machine::counter() - read_at_;
    const auto passed = static_cast<std::uint64_t>((at + slack - not_before_).nanoseconds);
    if (not_before_ != instant{} && passed / longest_tick > ticks) {
      trusts_counter_.store(false, std::memory_order_relaxed);
    }
    read_at_ = count;
    not_before_ = at + slack;
  }

  static inline std::atomic<bool> trusts_counter_{Machine::may_be_trusted()};
  // Of this thread: what it answers, and the count just before it read the clock for that.
  static inline constinit thread_local instant not_before_{};
  static inline constinit thread_local std::uint64_t read_at_ = std::uint64_t{0} - enough_ticks;
};

using recent_clock = recent_clock_of<machine_clock>;

}  // namespace espalier::runtime
