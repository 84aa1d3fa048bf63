// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/atomics.hpp>

// How many workers look for work, and how many sleep; and so, who has to wake somebody.
//
//   1. A worker that finds nothing searches for a while, if not too many do, and then rests: it counts itself
//      as no longer searching and as resting, and looks at every queue once more.
//   2. Who has queued work that it does not run itself next wakes a resting worker, unless one is searching.
//   3. A worker that finds work while it searches stops searching. If it was the last one, and somebody
//      rests, it looks at every queue once more, and wakes another if there is more.
//   4. Who wakes a worker counts it as searching at once, so the next one who queues work wakes no other.
//
// Why no wake-up is lost: in 1 and 3 the counts are announced before the queues are looked at, and in 2 the
// work is queued before the counts are checked; so at least one side sees the other (atomics.hpp). If it is
// the worker, it takes the work or wakes somebody for it. If it is the other side, it sees a resting worker,
// and none that searches but those that have still to look. All is announced and checked at `resting_`: who
// checks that sees what was done to `searching_` before.
namespace espalier::runtime {

template <class Atomics = std_atomics>
class parking {
 public:
  /// After work was queued: whether a resting worker is to be woken.
  [[nodiscard]] bool needs_wake() {
    if (Atomics::check(resting_) == 0) return false;
    return searching_.load(Atomics::acquire) == 0;
  }
  /// Counts the caller as searching, if not more than `most` do.
  [[nodiscard]] bool begin_search(std::uint32_t most) {
    std::uint32_t n = searching_.load(Atomics::relaxed);
    while (n < most) {
      if (searching_.compare_exchange_weak(n, n + 1, Atomics::acq_rel, Atomics::relaxed)) return true;
    }
    return false;
  }
  /// Having found nothing: the caller rests next.
  void end_search() { searching_.fetch_sub(1, Atomics::acq_rel); }
  /// Having found work: whether the caller is to look for more, and if there is, to ask `needs_wake`.
  [[nodiscard]] bool end_search_with_work() {
    if (searching_.fetch_sub(1, Atomics::acq_rel) != 1 || Atomics::check(resting_) == 0) return false;
    Atomics::announce_add(resting_, std::uint32_t{0});  // as many, but nobody searches
    return true;
  }

  /// Then the caller looks at every queue once more before it sleeps.
  void begin_rest() { Atomics::announce_add(resting_, std::uint32_t{1}); }
  void end_rest() { resting_.fetch_sub(1, Atomics::acq_rel); }
  /// The caller has taken it on itself to wake a worker, which searches from now on.
  void woken() { searching_.fetch_add(1, Atomics::acq_rel); }

 private:
  alignas(64) typename Atomics::template atomic<std::uint32_t> searching_{0};
  typename Atomics::template atomic<std::uint32_t> resting_{0};
};

}  // namespace espalier::runtime
