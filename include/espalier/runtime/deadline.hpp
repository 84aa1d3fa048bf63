// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/scheduler.hpp>

namespace espalier::runtime {

/// A limit that is set often and seldom comes, as that of a call or a stop. On a pool its timer stays armed
/// when the limit goes away, and the next one only sees to it that it expires in time; then whoever it tells
/// finds out whether the limit has come. All but `expire` is used by one worker at a time.
class deadline : public timer {
 public:
  /// Has the timer expire at `due`, or before.
  void set(scheduler& runs, instant due) {
    due_ = due;
    if (armed_for_ <= due) return;
    armed_for_ = due;
    runs.arm(*this, due);
  }
  void clear(scheduler& runs) {
    due_ = end_of_time;
    if (armed_for_ == end_of_time || runs.keeps_stale_timers()) return;
    armed_for_ = end_of_time;
    runs.disarm(*this);
  }
  /// The same for what may also come later than it was to; then the timer may expire too early on a pool.
  void follow(scheduler& runs, instant due) {
    if (due == due_ && armed_for_ <= due) return;
    if (due > due_) clear(runs);
    set(runs, due);
  }
  /// Takes note that the timer has expired.
  void expired() { armed_for_ = end_of_time; }
  /// Whether the limit is over; said once. If the timer has expired too early, it is armed again.
  bool has_come(scheduler& runs) {
    if (armed_for_ != end_of_time || due_ == end_of_time) return false;
    if (due_ > runs.now()) {
      set(runs, due_);
      return false;
    }
    due_ = end_of_time;
    return true;
  }

 protected:
  ~deadline() = default;

 private:
  instant armed_for_ = end_of_time;  // as far as is noted
  instant due_ = end_of_time;
};

}  // namespace espalier::runtime
