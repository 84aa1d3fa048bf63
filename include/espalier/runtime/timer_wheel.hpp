// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <espalier/runtime/short_lock.hpp>
#include <espalier/runtime/timers.hpp>
#include <espalier/runtime/wheel.hpp>

namespace espalier::runtime {

/// The armed timers of a pool. Any thread. `next` is exact, unless many timers are due later together: then
/// it may be before their time. Of one that is disarmed it stays. So a sleeper may wake a few times for
/// nothing. Locks are as for `timer_queue`.
class timer_wheel {
 public:
  timer_wheel() = default;
  timer_wheel(timer_wheel const&) = delete;
  timer_wheel& operator=(timer_wheel const&) = delete;

  /// Answers whether it is the first to expire now.
  bool arm(timer& t, instant due) {
    std::lock_guard lock(lock_);
    if (t.slot_ != timer::unarmed) disarm_locked(t);
    t.due_ = due;
    t.order_ = ++orders_;
    t.slot_ = 0;
    ++size_;
    wheel_.arm(t);
    if (due.nanoseconds >= next_.load(std::memory_order_relaxed)) return false;
    next_.store(due.nanoseconds, std::memory_order_relaxed);
    return true;
  }

  /// Answers false if it has expired, or was not armed. When it returns, the timer does not expire any more.
  bool disarm(timer& t) {
    std::lock_guard lock(lock_);
    if (t.slot_ == timer::unarmed) return false;
    disarm_locked(t);
    return true;
  }

  /// When the next timer may expire, not later than it does, or `end_of_time`. Takes no lock: who arms a
  /// timer publishes its time before it looks for somebody to wake, and the pool's idle lock orders the two.
  instant next() const { return {next_.load(std::memory_order_relaxed)}; }

  /// How many timers are armed.
  std::size_t size() const {
    std::lock_guard lock(lock_);
    return size_;
  }

  /// Expires what is due, in order of time, and of arming where that is equal.
  void expire(instant now) {
    std::lock_guard lock(lock_);
    wheel_.advance(now, [this](timer& t) {
      t.slot_ = timer::unarmed;
      due_.push_back(&t);
    });
    size_ -= due_.size();
    std::sort(due_.begin(), due_.end(), [](timer const* a, timer const* b) {
      return a->due_ != b->due_ ? a->due_ < b->due_ : a->order_ < b->order_;
    });
    for (timer* t : due_) t->expire();
    due_.clear();
    next_.store(wheel_.next().nanoseconds, std::memory_order_relaxed);
  }

 private:
  void disarm_locked(timer& t) {
    wheel_.disarm(t);
    t.slot_ = timer::unarmed;
    --size_;
  }

  mutable short_lock lock_;
  wheel<timer> wheel_;
  std::size_t size_ = 0;
  std::uint64_t orders_ = 0;
  std::vector<timer*> due_;  // while they expire
  // Who searches for work looks at it all the time.
  alignas(64) std::atomic<std::int64_t> next_{end_of_time.nanoseconds};
};

}  // namespace espalier::runtime
