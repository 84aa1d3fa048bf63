// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

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
//      each time.
namespace espalier::runtime {

class recent_clock {
 public:
  static constexpr duration slack{16'384};

  static instant now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }

  /// Whether `not_before_now` is cheap, for tests.
  static bool is_cheap() { return has_counter; }
  /// An instant that is not before now, and at most `slack` after it.
  static instant not_before_now() {
    if (!has_counter) return now();
    const std::uint64_t count = counter();
    if (count - read_at_ >= enough_ticks) read(count);
    return not_before_;
  }

 private:
  static constexpr std::uint64_t enough_ticks = 8'192;

  [[gnu::noinline]] static void read(std::uint64_t count) {
    read_at_ = count;
    not_before_ = now() + slack;
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
  static inline bool const has_counter = may_be_trusted();
#else
  static std::uint64_t counter() { return 0; }
  static constexpr bool has_counter = false;
#endif

  static inline constinit thread_local instant not_before_{};
  static inline constinit thread_local std::uint64_t read_at_ = std::uint64_t{0} - enough_ticks;
};

}  // namespace espalier::runtime
