// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <bit>
#include <espalier/runtime/short_lock.hpp>
#include <espalier/runtime/timers.hpp>

// The armed timers of a pool: a hierarchical wheel, in which arming and disarming take the same few steps
// however many there are.
//
//   1. Time is counted in ticks of 2^16 ns. Level 0 has a bucket for each of 64 ticks, level 1 one for each
//      64 of these, and so on. A timer is in the bucket of the level of the highest digit, to base 64, in
//      which its tick differs from the present one.
//   2. When the present tick comes to a bucket above level 0, its timers are distributed among those below.
//   3. Of the bucket of the present tick only what is due expires, so ticks make no timer early or late.
//   4. `next` is exact for a timer that is due within the next 64 ticks. For a later one it may be the start
//      of its bucket, and of one that is disarmed it stays; so a sleeper may wake a few times for nothing.
//
// Locks are as for `timer_queue`.
namespace espalier::runtime {

class timer_wheel {
 public:
  timer_wheel() {
    for (bucket& b : buckets_) b.first = b.last = nullptr;
  }
  timer_wheel(timer_wheel const&) = delete;
  timer_wheel& operator=(timer_wheel const&) = delete;

  /// Answers whether it is the first to expire now.
  bool arm(timer& t, instant due) {
    std::lock_guard lock(lock_);
    if (t.slot_ != timer::unarmed) unlink(t);
    t.due_ = due;
    t.order_ = ++orders_;
    link(t);
    if (due.nanoseconds >= next_.load(std::memory_order_relaxed)) return false;
    next_.store(due.nanoseconds, std::memory_order_relaxed);
    return true;
  }

  /// Answers false if it has expired, or was not armed. When it returns, the timer does not expire any more.
  bool disarm(timer& t) {
    std::lock_guard lock(lock_);
    if (t.slot_ == timer::unarmed) return false;
    unlink(t);
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
    advance(now);
    std::sort(due_.begin(), due_.end(), [](timer const* a, timer const* b) {
      return a->due_ != b->due_ ? a->due_ < b->due_ : a->order_ < b->order_;
    });
    for (timer* t : due_) t->expire();
    due_.clear();
    next_.store(earliest().nanoseconds, std::memory_order_relaxed);
  }

 private:
  using tick = std::uint64_t;
  static constexpr unsigned tick_bits = 16;
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 1U << digit_bits;
  static constexpr unsigned levels = 8;  // of 6 bits; with 16 bits of a tick, the 63 that an instant has

  struct bucket {
    timer* first;
    timer* last;
  };

  static tick tick_of(instant t) {
    return t.nanoseconds <= 0 ? 0 : static_cast<tick>(t.nanoseconds) >> tick_bits;
  }
  /// Where the digit of a tick at a level stands.
  static unsigned digit(tick t, unsigned level) {
    return static_cast<unsigned>(t >> (level * digit_bits)) % digits;
  }

  void link(timer& t) {
    const tick at = std::max(tick_of(t.due_), present_);
    const tick differs = at ^ present_;
    const unsigned level =
        differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / digit_bits;
    t.slot_ = level * digits + digit(at, level);
    bucket& b = buckets_[t.slot_];
    t.before_ = b.last;
    t.after_ = nullptr;
    (b.last == nullptr ? b.first : b.last->after_) = &t;
    b.last = &t;
    filled_[level] |= std::uint64_t{1} << (t.slot_ % digits);
    ++size_;
  }
  void unlink(timer& t) {
    bucket& b = buckets_[t.slot_];
    (t.before_ == nullptr ? b.first : t.before_->after_) = t.after_;
    (t.after_ == nullptr ? b.last : t.after_->before_) = t.before_;
    if (b.first == nullptr) filled_[t.slot_ / digits] &= ~(std::uint64_t{1} << (t.slot_ % digits));
    t.slot_ = timer::unarmed;
    --size_;
  }

  /// The first filled bucket from the present tick on; false if there is none. `start` is when it begins.
  bool first_filled(unsigned& slot, tick& start) const {
    for (unsigned level = 0; level != levels; ++level) {
      const unsigned from = digit(present_, level);
      const std::uint64_t later = filled_[level] & (~std::uint64_t{0} << from);
      if (later == 0) continue;
      const auto at = static_cast<unsigned>(std::countr_zero(later));
      const unsigned shift = level * digit_bits;
      slot = level * digits + at;
      start = (((present_ >> shift) - from + at) << shift);
      return true;
    }
    return false;
  }

  /// Moves the present tick, and takes out what is due.
  void advance(instant now) {
    const tick target = tick_of(now);
    for (;;) {
      unsigned slot = 0;
      tick start = 0;
      if (!first_filled(slot, start) || start > target) break;
      present_ = std::max(present_, start);
      bucket& b = buckets_[slot];
      bool is_over = true;
      for (timer* t = b.first; t != nullptr;) {
        timer* const next = t->after_;
        if (slot >= digits) {
          unlink(*t);
          link(*t);  // further down
        } else if (t->due_ <= now) {
          unlink(*t);
          due_.push_back(t);
        } else {
          is_over = false;
        }
        t = next;
      }
      if (!is_over) break;  // the rest of the present tick
    }
    present_ = std::max(present_, target);
  }

  instant earliest() const {
    unsigned slot = 0;
    tick start = 0;
    if (!first_filled(slot, start)) return end_of_time;
    if (slot >= digits) return {static_cast<std::int64_t>(start << tick_bits)};
    instant first = end_of_time;
    for (timer const* t = buckets_[slot].first; t != nullptr; t = t->after_) first = std::min(first, t->due_);
    return first;
  }

  mutable short_lock lock_;
  tick present_ = 0;
  bucket buckets_[levels * digits];
  std::uint64_t filled_[levels] = {};  // a bit for each bucket
  std::size_t size_ = 0;
  std::uint64_t orders_ = 0;
  std::vector<timer*> due_;  // while they expire
  // Who searches for work looks at it all the time.
  alignas(64) std::atomic<std::int64_t> next_{end_of_time.nanoseconds};
};

}  // namespace espalier::runtime
