// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <espalier/plan/window.hpp>
#include <utility>

// A hierarchical wheel of timers, in which arming and disarming take the same few steps however many there
// are. It is used by one thread at a time.
//
//   1. Time is counted in ticks of 2^16 ns. Level 0 has a bucket for each of 64 ticks, level 1 one for each
//      64 of these, and so on. A timer is in the bucket of the level of the highest digit, to base 64, in
//      which its tick differs from the present one; one that is overdue is in that of the present tick.
//   2. When the present tick comes to a bucket above level 0, its timers are distributed among those below.
//      So where a timer is follows from its time and the present tick, and those of one time are together, in
//      order of arming.
//   3. Of the bucket of the present tick only what is due expires, so ticks make no timer early or late.
namespace espalier::runtime {

/// What stands in a ring: a timer, or the head that stands between its last one and its first one.
struct timer_links {
  timer_links* before;
  timer_links* after;
};

/// Timers in order of arming, in a ring. A `Timer` is a `timer_links`, and answers by `due` when it expires.
template <class Timer>
class timer_list {
 public:
  timer_list() { clear(); }
  timer_list(timer_list const&) = delete;
  timer_list& operator=(timer_list const&) = delete;

  void clear() { head_.before = head_.after = &head_; }
  void push(Timer& t) {
    timer_links* const last = head_.before;
    t.before = last;
    last->after = &t;
    head_.before = &t;
    t.after = &head_;
  }
  /// Takes it out of the list that it is in. Answers the head of that if it is empty then.
  static timer_links* remove(Timer& t) {
    timer_links* const before = t.before;
    timer_links* const after = t.after;
    before->after = after;
    after->before = before;
    return before == after ? before : nullptr;
  }
  /// Calls `take` with each, in order. It may remove that one, or push it elsewhere.
  template <class Take>
  void each(Take take) {
    for (timer_links* at = head_.after; at != &head_;)
      take(static_cast<Timer&>(*std::exchange(at, at->after)));
  }
  bool has_more_than(int n) const {
    timer_links const* at = head_.after;
    while (at != &head_ && n-- != 0) at = at->after;
    return at != &head_;
  }
  instant soonest() const {
    instant out = end_of_time;
    for (timer_links const* at = head_.after; at != &head_; at = at->after) {
      out = std::min(out, static_cast<Timer const*>(at)->due());
    }
    return out;
  }

 private:
  template <class>
  friend class wheel;

  timer_links head_;
};

/// The wheel of such timers.
template <class Timer>
class wheel {
 public:
  void arm(Timer& t) {
    const std::size_t slot = slot_of(t.due());
    buckets_[slot].push(t);
    filled_[slot / digits] |= bit(slot);
  }
  void disarm(Timer& t) {
    // The head that it answers is the only member of a bucket.
    if (timer_links* const head = timer_list<Timer>::remove(t)) {
      const auto slot = static_cast<std::size_t>(reinterpret_cast<bucket*>(head) - buckets_);
      filled_[slot / digits] &= ~bit(slot);
    }
  }

  /// Moves the present tick, and hands out what is due, disarmed, and not sorted but for those of one time.
  template <class Take>
  void advance(instant now, Take take) {
    const tick target = tick_of(now);
    for (;;) {
      std::size_t slot = 0;
      tick start = 0;
      if (!first_filled(slot, start) || start > target) break;
      present_ = std::max(present_, start);
      bucket& b = buckets_[slot];
      if (slot >= digits) {
        filled_[slot / digits] &= ~bit(slot);
        b.each([this](Timer& t) { arm(t); });  // further down
        b.clear();
        continue;
      }
      bool is_over = true;
      b.each([&](Timer& t) {
        if (t.due() <= now) {
          disarm(t);
          take(t);
        } else {
          is_over = false;
        }
      });
      if (!is_over) break;  // the rest of the present tick
    }
    present_ = std::max(present_, target);
  }

  /// When the next timer is due; perhaps before that, when its bucket begins, if there are many in that.
  instant next() const {
    std::size_t slot = 0;
    tick start = 0;
    if (!first_filled(slot, start)) return end_of_time;
    return slot >= digits && buckets_[slot].has_more_than(few)
               ? instant{static_cast<std::int64_t>(start << tick_bits)}
               : buckets_[slot].soonest();
  }
  /// The same, exactly, which takes as long as there are timers in that bucket.
  instant first() const {
    std::size_t slot = 0;
    tick start = 0;
    return first_filled(slot, start) ? buckets_[slot].soonest() : end_of_time;
  }

 private:
  using bucket = timer_list<Timer>;
  using tick = std::uint64_t;
  static constexpr std::size_t tick_bits = 16;
  static constexpr std::size_t digit_bits = 6;
  static constexpr std::size_t digits = 1U << digit_bits;
  static constexpr int few = 8;
  static constexpr std::size_t levels = 8;  // of 6 bits; with 16 bits of a tick, the 63 that an instant has

  static tick tick_of(instant t) {
    return t.nanoseconds <= 0 ? 0 : static_cast<tick>(t.nanoseconds) >> tick_bits;
  }
  /// Where the digit of a tick at a level stands.
  static std::size_t digit(tick t, std::size_t level) { return (t >> (level * digit_bits)) % digits; }
  static std::uint64_t bit(std::size_t slot) { return std::uint64_t{1} << (slot % digits); }

  std::size_t slot_of(instant due) const {
    const tick at = std::max(tick_of(due), present_);
    const tick differs = at ^ present_;
    const std::size_t level = (63U - static_cast<unsigned>(std::countl_zero(differs | 1))) / digit_bits;
    return level * digits + digit(at, level);
  }

  /// The first filled bucket from the present tick on; false if there is none. `start` is when it begins.
  bool first_filled(std::size_t& slot, tick& start) const {
    for (std::size_t level = 0; level != levels; ++level) {
      const std::size_t from = digit(present_, level);
      const std::uint64_t later = filled_[level] & (~std::uint64_t{0} << from);
      if (later == 0) continue;
      const auto at = static_cast<std::size_t>(std::countr_zero(later));
      const std::size_t shift = level * digit_bits;
      slot = level * digits + at;
      start = (((present_ >> shift) - from + at) << shift);
      return true;
    }
    return false;
  }

  tick present_ = 0;
  std::uint64_t filled_[levels] = {};  // a bit for each bucket
  bucket buckets_[levels * digits];
};

}  // namespace espalier::runtime
