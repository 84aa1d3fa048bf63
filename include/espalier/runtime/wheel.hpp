// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <espalier/plan/window.hpp>

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

/// Timers in order of arming. `Links` knows them: a `link` names one, `none` is no timer, and `due(t)`,
/// `before(t)` and `after(t)` are the instant of a timer and its neighbours, which are written here.
template <class Links>
struct timer_list {
  using link = typename Links::link;

  bool empty() const { return first == Links::none; }
  void push(Links const& all, link t) {
    all.before(t) = last;
    all.after(t) = Links::none;
    (last == Links::none ? first : all.after(last)) = t;
    last = t;
  }
  void remove(Links const& all, link t) {
    const link before = all.before(t);
    const link after = all.after(t);
    (before == Links::none ? first : all.after(before)) = after;
    (after == Links::none ? last : all.before(after)) = before;
  }
  instant soonest(Links const& all) const {
    instant out = end_of_time;
    for (link t = first; t != Links::none; t = all.after(t)) out = std::min(out, all.due(t));
    return out;
  }

  link first = Links::none;
  link last = Links::none;
};

/// The wheel of such timers.
template <class Links>
class wheel {
 public:
  using link = typename Links::link;

  void arm(Links const& all, link t) {
    const unsigned slot = slot_of(all.due(t));
    buckets_[slot].push(all, t);
    filled_[slot / digits] |= bit(slot);
  }
  void disarm(Links const& all, link t) {
    const unsigned slot = slot_of(all.due(t));
    buckets_[slot].remove(all, t);
    if (buckets_[slot].empty()) filled_[slot / digits] &= ~bit(slot);
  }

  /// Moves the present tick, and hands out what is due, disarmed, and not sorted but for those of one time.
  template <class Take>
  void advance(Links const& all, instant now, Take take) {
    const tick target = tick_of(now);
    for (;;) {
      unsigned slot = 0;
      tick start = 0;
      if (!first_filled(slot, start) || start > target) break;
      bool is_over = true;
      link t = buckets_[slot].first;
      if (slot >= digits) {
        buckets_[slot] = {};
        filled_[slot / digits] &= ~bit(slot);
        present_ = std::max(present_, start);
        while (t != Links::none) {
          const link next = all.after(t);
          arm(all, t);  // further down
          t = next;
        }
        continue;
      }
      present_ = std::max(present_, start);
      while (t != Links::none) {
        const link next = all.after(t);
        if (all.due(t) <= now) {
          disarm(all, t);
          take(t);
        } else {
          is_over = false;
        }
        t = next;
      }
      if (!is_over) break;  // the rest of the present tick
    }
    present_ = std::max(present_, target);
  }

  /// When the next timer is due, if that is within the next 64 ticks; if not, perhaps before that: when its
  /// bucket begins.
  instant next(Links const& all) const {
    unsigned slot = 0;
    tick start = 0;
    if (!first_filled(slot, start)) return end_of_time;
    return slot >= digits ? instant{static_cast<std::int64_t>(start << tick_bits)}
                          : buckets_[slot].soonest(all);
  }
  /// The same, exactly, which takes as long as there are timers in that bucket.
  instant first(Links const& all) const {
    unsigned slot = 0;
    tick start = 0;
    return first_filled(slot, start) ? buckets_[slot].soonest(all) : end_of_time;
  }

 private:
  using tick = std::uint64_t;
  static constexpr unsigned tick_bits = 16;
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 1U << digit_bits;
  static constexpr unsigned levels = 8;  // of 6 bits; with 16 bits of a tick, the 63 that an instant has

  static tick tick_of(instant t) {
    return t.nanoseconds <= 0 ? 0 : static_cast<tick>(t.nanoseconds) >> tick_bits;
  }
  /// Where the digit of a tick at a level stands.
  static unsigned digit(tick t, unsigned level) {
    return static_cast<unsigned>(t >> (level * digit_bits)) % digits;
  }
  static std::uint64_t bit(unsigned slot) { return std::uint64_t{1} << (slot % digits); }

  unsigned slot_of(instant due) const {
    const tick at = std::max(tick_of(due), present_);
    const tick differs = at ^ present_;
    const unsigned level =
        differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / digit_bits;
    return level * digits + digit(at, level);
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

  tick present_ = 0;
  std::uint64_t filled_[levels] = {};  // a bit for each bucket
  timer_list<Links> buckets_[levels * digits];
};

}  // namespace espalier::runtime
