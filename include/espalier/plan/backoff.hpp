// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/plan/window.hpp>

// What static and dynamic supervisors have in common about back-off (SEMANTICS 22).
namespace espalier::plan {

/// How long a restart waits after `repeats` others: `first`, doubled each time up to `most`, and shorter by
/// up to a quarter, in 1/65536 of it. The first one does not wait, nor does any if `first` is zero.
constexpr duration backoff_delay(duration first, duration most, std::uint32_t repeats, std::uint16_t jitter) {
  if (first == duration{} || repeats == 0) return {};
  duration d = first;
  for (std::uint32_t n = 1; n != repeats && d < most; ++n) d = d * 2;
  if (d > most) d = most;
  d.nanoseconds -= d.nanoseconds / 4 / 65536 * jitter;
  return d;
}

/// The clock by which a window of restarts ages: it stands still while anything waits.
class backoff_clock {
 public:
  constexpr void begin_wait(instant now) {
    if (waits_++ == 0) since_ = now;
  }
  constexpr void end_wait(instant now) {
    if (--waits_ == 0) paused_ = paused_ + (now - since_);
  }
  constexpr instant at(instant now) const { return (waits_ == 0 ? now : since_) + (-paused_); }

 private:
  std::uint32_t waits_ = 0;  // under way
  instant since_{};          // the first of them
  duration paused_{};        // by those that are over
};

}  // namespace espalier::plan
