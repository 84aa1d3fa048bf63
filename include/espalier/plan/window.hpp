// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <espalier/tree/duration.hpp>

namespace espalier {

/// A point of time on a monotonic clock, in nanoseconds since an arbitrary moment.
struct instant {
  std::int64_t nanoseconds = 0;

  friend constexpr bool operator==(instant, instant) = default;
  friend constexpr auto operator<=>(instant, instant) = default;
};

constexpr instant operator+(instant t, duration d) { return {(duration{t.nanoseconds} + d).nanoseconds}; }
constexpr duration operator-(instant a, instant b) { return {a.nanoseconds - b.nanoseconds}; }

/// The instant that never comes.
inline constexpr instant end_of_time{INT64_MAX};

namespace plan {

/// The restarts a supervisor has counted within its period: a ring of at most `max_restarts` instants, so
/// that one more restart costs the same however many there were (OTP's `add_restart`, reference B.6).
///
/// The caller lends the ring, because its size is known to the tree alone.
class window {
 public:
  constexpr window(instant* ring, std::size_t max_restarts, duration period)
      : ring_(ring), max_restarts_(max_restarts), period_(period) {}

  /// Counts one restart at `now` and answers true. Answers false, and counts nothing, if that would be more
  /// than `max_restarts` within the period. A restart exactly one period old still counts (SEMANTICS 21).
  [[nodiscard]] constexpr bool count(instant now) {
    while (size_ != 0 && ring_[oldest_] + period_ < now) {
      oldest_ = (oldest_ + 1) % max_restarts_;
      --size_;
    }
    if (size_ == max_restarts_) return false;
    ring_[(oldest_ + size_) % max_restarts_] = now;
    ++size_;
    return true;
  }

  /// The restarts counted within the period that ended with the last call of `count`.
  constexpr std::size_t counted() const { return size_; }

  /// Forgets all, as a supervisor that starts anew does.
  constexpr void clear() { size_ = oldest_ = 0; }

 private:
  instant* ring_;
  std::size_t max_restarts_;
  duration period_;
  std::size_t oldest_ = 0;
  std::size_t size_ = 0;
};

}  // namespace plan
}  // namespace espalier
