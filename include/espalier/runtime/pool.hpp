// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <ctime>
#include <espalier/runtime/depot.hpp>
#include <espalier/runtime/recent_clock.hpp>
#include <espalier/runtime/seats.hpp>
#include <espalier/runtime/spin.hpp>

// A small work-stealing pool: what its threads (seats.hpp) do.
//
// Work. What a worker submits is what it runs next (next_slot.hpp), because its message is still in the
// cache; what stood there before goes to the end of the worker's ring (work_ring.hpp). What other threads
// submit goes to a shared queue. A worker takes from its slot, its ring, the shared queue, and then from its
// neighbours' rings. After some turns from the slot the ring comes first, and now and then the shared queue
// does, so nobody is starved.
//
// Sharing. A worker whose messages take little time (pace.hpp) keeps what is in its ring, and a sender stays
// together with the receiver that it woke. If they take longer, they are shared. Before it has measured, a
// thief is woken to have a look, and takes what it sees wait for long.
//
// Parking. A worker that finds nothing searches for some microseconds, because waking a core takes longer
// than that, and then sleeps (parking.hpp). If it has slept for longer than that, too, it searches only for a
// moment the next time, unless a timer is about to expire: so rare events cost little.
//   1. It locks `idle_mutex_`, says that it rests, and looks at every queue once more.
//   2. It is woken by setting its `woken` flag under `idle_mutex_`; it sleeps only while the flag is unset.
//      The timekeeper is woken last.
//
// Time. While all are parked, one of them, the timekeeper, waits with the next deadline, and the others
// without. Workers that run look at the timers and at the shared queue, and measure their messages, every few
// turns, and when the watchdog asks for it; no turn reads the clock for that.
//   1. A timekeeper that leaves has another parked worker take its place, because its next turn may be a long
//      one. A timer that becomes the first to expire has the timekeeper look again.
namespace espalier::runtime {

class pool final : public seats {
 public:
  /// Starts the workers; at least one. Whatever one of them runs for `stall_limit` is told that it has
  /// stalled.
  explicit pool(unsigned workers, duration stall_limit = infinity) : seats(workers, stall_limit) { begin(); }

  /// Ends the workers. What is still queued is not run. No function that was left behind may still run.
  ~pool() { end(); }

  void submit(runnable& r) override {
    worker_thread* const self = current_;
    if (self == nullptr || &self->home != this) return submit_shared(r);
    if (runnable* const before = self->next.put(r)) queue(*self, *before);
    give_away_if_lost(*self);
  }
  void resubmit(runnable& r) override {
    worker_thread* const self = current_;
    if (self == nullptr || &self->home != this) return submit_shared(r);
    queue(*self, r);
    give_away_if_lost(*self);
  }

  bool may_run_here() const override { return is_worker(); }

  instant now() override { return clock_now(); }
  instant not_before_now() override { return recent_clock::not_before_now(); }
  instant due_after(duration d) override {
    if (d <= duration{}) return now() + d;
    constexpr duration coarse_is_enough{1'000'000'000};
    constexpr duration coarse_tick{10'000'000};  // of the slowest kernels
    if (d < coarse_is_enough) return recent_clock::not_before_now() + d;
    std::timespec t{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return instant{t.tv_sec * 1'000'000'000 + t.tv_nsec} + coarse_tick + d;
  }
  bool keeps_stale_timers() const override { return true; }

  void arm(timer& t, instant due) override {
    if (due == end_of_time || !timers_.arm(t, due)) return;
    std::lock_guard lock(idle_mutex_);
    appoint_timekeeper();
  }
  bool disarm(timer& t) override { return timers_.disarm(t); }
  std::uint16_t jitter() override {
    // Multiplying spreads the low bits of the clock over the high ones.
    const auto mixed = static_cast<std::uint64_t>(clock_now().nanoseconds) * 0x9e3779b97f4a7c15U;
    return static_cast<std::uint16_t>(mixed >> 48);
  }

  void handled(int messages) override { current_->speed.count(messages - 1); }  // the turn counts for one

  /// Whether the calling thread is a worker of this pool.
  bool is_worker() const { return current_ != nullptr && &current_->home == this; }

 private:
  /// What a thief has seen, and since when.
  struct sight {
    worker_thread const* at = nullptr;
    std::uint32_t head = 0;
    instant since;
  };

  static constexpr unsigned most_from_slot = 32;  // turns
  static constexpr duration patience{50'000};     // with a worker that has not measured
  static constexpr duration search_time{70'000};  // longer than that
  static constexpr duration moment{5'000};

  void take_turns(worker_thread& thread) override {
    current_ = &thread;
    block_cache blocks(depot_);
    block_cache::current = &blocks;
    worker_slot::mine = &thread.next;
    std::uint64_t turn = thread.turn.load(std::memory_order_relaxed);
    while (has_seat(thread)) {
      runnable* r = find(thread);
      if (r == nullptr) r = search(thread);
      if (r == nullptr) {
        if (next_due_has_come()) {
          timers_.expire(clock_now());
        } else if (!park(thread)) {
          break;
        }
        continue;
      }
      if (thread.is_searching) end_search(thread);
      thread.turn.store(++turn, std::memory_order_relaxed);
      // Releases the turn to the watchdog.
      thread.runs.store(r, std::memory_order_release);
      r->run();
      thread.runs.store(nullptr, std::memory_order_release);
    }
    if (thread.is_searching) end_search(thread);
    give_away(thread);
    if (!shared_.seems_empty() && parking_.needs_wake()) wake_one();
    worker_slot::mine = nullptr;
    block_cache::current = nullptr;
    current_ = nullptr;
  }

  // --- work

  void submit_shared(runnable& r) {
    shared_.push(r);
    if (parking_.needs_wake()) wake_one();
  }
  /// Puts it to the end of the worker's ring.
  void queue(worker_thread& self, runnable& r) {
    if (!self.ring.push(r)) shared_.push(r);
    if (!parking_.needs_wake()) return;
    if (self.speed.messages_take() != pace::little) wake_one();
  }

  bool next_due_has_come() {
    const instant due = timers_.next();
    return due != end_of_time && due <= clock_now();
  }

  [[gnu::always_inline]] runnable* find(worker_thread& self) {
    self.speed.count(1);
    if (++self.ticks % look_around == 0 || self.is_asked_to_look.load(std::memory_order_relaxed)) {
      measure(self);
      self.is_asked_to_look.store(false, std::memory_order_relaxed);
      if (next_due_has_come()) timers_.expire(clock_now());
      const auto keep = [&self](runnable& r) { return self.ring.push(r); };
      if (runnable* const r = shared_.pop_share(workers_.size(), keep)) {
        give_away_if_lost(self);
        return r;
      }
    }
    if (self.from_slot == most_from_slot) {
      if (runnable* const r = self.next.take()) {
        if (!self.ring.push(*r)) shared_.push(*r);
        give_away_if_lost(self);
      }
    } else if (runnable* const r = self.next.take()) {
      ++self.from_slot;
      return r;
    }
    self.from_slot = 0;
    if (runnable* r = self.ring.pop()) return r;
    return shared_.pop();
  }

  /// Takes half of what a neighbour has queued, and answers one of it; or from the shared queue.
  runnable* steal(worker_thread& self, sight* seen) {
    for (unsigned i = 1; i < workers_.size(); ++i) {
      // Pairs with the store that gave it the seat.
      worker_thread& from =
          *workers_[(self.seat->number + i) % workers_.size()]->held_by.load(std::memory_order_acquire);
      if (from.ring.is_empty() || !is_worth_stealing(from, seen)) continue;
      runnable* first = nullptr;
      from.ring.steal([&](runnable& r) {
        if (first == nullptr) {
          first = &r;
        } else if (!self.ring.push(r)) {
          shared_.push(r);
        }
      });
      if (first != nullptr) {
        give_away_if_lost(self);
        return first;
      }
    }
    return shared_.pop();
  }
  bool is_worth_stealing(worker_thread const& from, sight* seen) {
    const pace p = from.speed.messages_take();
    if (p == pace::long_enough) return true;
    if (p == pace::little || seen == nullptr) return false;
    const instant now = clock_now();
    if (seen->at == &from && seen->head == from.ring.head()) return now - seen->since >= patience;
    *seen = {&from, from.ring.head(), now};
    return false;
  }

  void measure(worker_thread& self) {
    self.speed.measure(clock_now());
    const bool shares = self.speed.messages_take() == pace::long_enough;
    if (shares && !self.ring.is_empty() && parking_.needs_wake()) wake_one();
  }

  /// Looks for work for a while, if not too many do. It goes on searching until it runs something or parks.
  runnable* search(worker_thread& self) {
    self.speed.pause();
    if (!self.is_searching) {
      if (!parking_.begin_search(std::max(1U, size() / 2))) return steal(self, nullptr);
      self.is_searching = true;
    }
    sight seen;
    const instant begin = clock_now();
    const bool is_patient = self.is_patient || timers_.next() <= begin + search_time;
    const instant end = begin + (is_patient ? search_time : moment);
    do {
      if (runnable* r = steal(self, &seen)) return r;
      // What comes from outside is looked for all the time, what neighbours have not, since that slows them.
      for (int i = 0; i != 32 && shared_.seems_empty(); ++i) spin_once();
    } while (!next_due_has_come() && clock_now() < end);
    return nullptr;
  }
  /// It has found work, and if there is more, somebody else is to look for that.
  void end_search(worker_thread& self) {
    self.is_searching = false;
    if (parking_.end_search_with_work() && anything_to_share() && parking_.needs_wake()) wake_one();
  }

  bool anything_to_share() {
    if (!shared_.seems_empty()) return true;
    for (auto& w : workers_) {
      // Pairs with the store that gave it the seat.
      worker_thread const& t = *w->held_by.load(std::memory_order_acquire);
      if (t.speed.messages_take() == pace::long_enough && !t.ring.is_empty()) return true;
    }
    return false;
  }

  // --- parking

  /// Sleeps until there may be work. Answers false when the pool ends.
  bool park(worker_thread& thread) {
    worker& self = *thread.seat;
    std::unique_lock lock(idle_mutex_);
    if (ending_ || !has_seat(thread)) return false;
    thread.is_left = false;  // it has returned, and no other thread was to be had for its seat
    if (std::exchange(thread.is_searching, false)) parking_.end_search();
    parking_.begin_rest();
    bool may_search = anything_to_share();
    if (!may_search) {
      self.woken = false;
      idle_.push_back(&self);
      const instant begin = clock_now();
      bool timed_out = false;
      while (!self.woken && !timed_out) {
        if (timekeeper_ == nullptr) timekeeper_ = &self;
        const instant due = timekeeper_ == &self ? timers_.next() : end_of_time;
        if (due == end_of_time) {
          self.signal.wait(lock);
        } else {
          const std::chrono::steady_clock::time_point at{std::chrono::nanoseconds(due.nanoseconds)};
          timed_out = self.signal.wait_until(lock, at) == std::cv_status::timeout;
        }
      }
      std::erase(idle_, &self);
      thread.is_patient = clock_now() - begin <= search_time;
      may_search = false;
      thread.is_searching = self.woken && !ending_;  // as who woke it has counted
      if (timekeeper_ == &self) {
        if (timed_out) {  // first, so that the next timekeeper does not wake for the same timers
          lock.unlock();
          timers_.expire(clock_now());
          lock.lock();
        }
        timekeeper_ = nullptr;
        if (timers_.next() != end_of_time) appoint_timekeeper();
      }
    }
    parking_.end_rest();
    if (may_search) {
      parking_.woken();
      thread.is_searching = true;
    }
    if (!std::exchange(watching_, true)) watch_.notify_all();
    return !ending_;
  }

  /// Has a parked worker look at the timers: the timekeeper, or another that becomes it. Under `idle_mutex_`.
  void appoint_timekeeper() {
    worker* chosen = timekeeper_;
    for (worker* w : idle_) {
      if (chosen == nullptr && !w->woken) chosen = w;
    }
    if (chosen != nullptr) chosen->signal.notify_one();
  }

  static inline constinit thread_local worker_thread* current_ = nullptr;

  depot depot_;  // outlives the workers' caches
};

}  // namespace espalier::runtime
