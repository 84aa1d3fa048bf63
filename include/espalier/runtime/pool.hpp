// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <espalier/runtime/depot.hpp>
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/pace.hpp>
#include <espalier/runtime/parking.hpp>
#include <espalier/runtime/run_queue.hpp>
#include <espalier/runtime/timer_wheel.hpp>
#include <espalier/runtime/work_ring.hpp>
#include <memory>
#include <thread>
#include <utility>

// A small work-stealing pool.
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
// than that, and then sleeps (parking.hpp):
//   1. It locks `idle_mutex_`, says that it rests, and looks at every queue once more.
//   2. It is woken by setting its `woken` flag under `idle_mutex_`; it sleeps only while the flag is unset.
//      The timekeeper is woken last.
//
// Time. While all are parked, one of them, the timekeeper, waits with the next deadline, and the others
// without. Workers that run look at the timers and at the shared queue, and measure their messages, every few
// turns, and when the watchdog asks for it; no turn reads the clock for that.
//   1. A timekeeper that leaves has another parked worker take its place, because its next turn may be a long
//      one. A timer that becomes the first to expire has the timekeeper look again.
//
// The watchdog, a thread of its own, looks at all seats while any worker is awake, and sleeps with them: at
// first soon, and then less and less often, up to every 10 ms. What a worker has woken, but not come to
// since, because it runs something long, it gives to the others. It sees how long a turn takes by the number
// of the turn, which the worker publishes.
//
// Functions that take long (SEMANTICS 16). A worker is a seat, and a thread, with a slot and a ring, has it:
//   1. The watchdog gives the seat of a thread that has run one thing for the limit to a new thread, and has
//      what runs reported. So does `replace_worker_of`, for a function that is left behind.
//   2. The thread that loses its seat is told so, `is_lost`, and then all that stands in its slot and ring
//      goes to the shared queue. It looks at `is_lost` after whatever it queues, and gives that away itself;
//      at least one of the two finds it (atomics.hpp).
//   3. A thread that has lost its seat ends when it comes back.
//   4. The end of the pool waits for all threads but those in a function that was left behind. The last of
//      these frees what `leave_to_threads` was given.
//   5. Threads that have ended are kept for the next ones, because a thief may still look at their rings.
namespace espalier::runtime {

class pool final : public scheduler {
 public:
  /// Starts the workers; at least one. Whatever one of them runs for `stall_limit` is told that it has
  /// stalled.
  explicit pool(unsigned workers, duration stall_limit = infinity) : stall_limit_(stall_limit) {
    workers_.reserve(workers);
    for (unsigned i = 0; i != workers; ++i) workers_.push_back(std::make_unique<worker>(*this, i));
    try {
      std::lock_guard lock(idle_mutex_);
      ending_ = true;  // for those that are there, if one cannot be had
      for (auto& w : workers_) seat_new_thread(*w);
      watchdog_ = std::thread([this] { watch(); });
      ending_ = false;
    } catch (...) {
      end();
      throw;
    }
  }

  /// Ends the workers. What is still queued is not run. No function that was left behind may still run.
  ~pool() { end(); }

  /// Ends the workers, and answers whether functions that were left behind still run.
  bool end() noexcept {
    std::unique_lock lock(idle_mutex_);
    ending_ = true;
    for (auto& w : workers_) w->wake();
    watching_ = true;
    watch_.notify_all();
    lock.unlock();
    if (watchdog_.joinable()) watchdog_.join();
    lock.lock();
    for (auto& t : threads_) {  // nobody adds one any more
      over_.wait(lock, [&] { return t->is_over || t->is_left; });
      if (!t->handle.joinable()) continue;
      if (!t->is_over) {
        t->handle.detach();
        continue;
      }
      lock.unlock();
      t->handle.join();
      lock.lock();
    }
    return std::any_of(threads_.begin(), threads_.end(), [](auto& t) { return !t->is_over; });
  }

  /// After `end`: `everything`, this pool too, is freed by the last function that was left behind.
  void leave_to_threads(std::shared_ptr<void> everything) {
    std::unique_lock lock(idle_mutex_);
    if (std::any_of(threads_.begin(), threads_.end(), [](auto& t) { return !t->is_over; })) {
      everything_ = std::move(everything);
    }
    lock.unlock();
  }

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
  instant due_after(duration d) override {
    constexpr duration coarse_is_enough{1'000'000'000};
    constexpr duration coarse_tick{10'000'000};  // of the slowest kernels
    if (d < coarse_is_enough) return now() + d;
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

  void replace_worker_of(runnable& r) override {
    std::unique_lock lock(idle_mutex_);
    for (auto& t : threads_) {
      if (t->runs.load(std::memory_order_relaxed) != &r || t->is_left || t->is_over) continue;
      t->is_left = true;
      if (has_seat(*t)) replace(*t->seat);
      return;
    }
  }

  void handled(int messages) override { current_->speed.count(messages - 1); }  // the turn counts for one

  unsigned size() const { return static_cast<unsigned>(workers_.size()); }

  /// Whether the calling thread is a worker of this pool.
  bool is_worker() const { return current_ != nullptr && &current_->home == this; }

 private:
  struct worker;

  /// A thread, what it runs, and what it is to run.
  struct worker_thread {
    explicit worker_thread(pool& of) : home(of) {}

    pool& home;
    worker* seat = nullptr;
    next_slot<runnable, std::mutex> next;
    work_ring<runnable, 256> ring;

    // Published for the watchdog.
    std::atomic<runnable*> runs{nullptr};
    std::atomic<std::uint64_t> turn{0};
    std::atomic<std::uint32_t> is_lost{0};  // its seat; written under `idle_mutex_`

    pace_meter speed;                           // also for thieves
    std::atomic<bool> is_asked_to_look{false};  // around, by the watchdog

    // Touched by the thread.
    unsigned ticks = 0;
    unsigned from_slot = 0;  // turns in a row
    bool is_searching = false;

    // Under `idle_mutex_`.
    std::thread handle;
    std::uint64_t seen_turn = 0;
    instant seen_at;
    std::uint64_t reported = 0;  // the turn that was reported as stalled
    bool is_left = false;        // in a function that was left behind
    bool is_over = false;
  };

  /// What a thief has seen, and since when.
  struct sight {
    worker_thread const* at = nullptr;
    std::uint32_t head = 0;
    instant since;
  };

  struct worker {
    worker(pool& of, unsigned which) : home(of), number(which) {}

    /// Under `idle_mutex_`.
    void wake() {
      woken = true;
      signal.notify_one();
    }

    pool& home;
    unsigned number;
    std::condition_variable signal;
    bool woken = false;
    std::atomic<worker_thread*> held_by{nullptr};  // written under `idle_mutex_`
  };

  static constexpr unsigned look_around = 64;     // turns
  static constexpr unsigned most_from_slot = 32;  // turns
  static constexpr duration patience{50'000};     // with a worker that has not measured
  static constexpr duration search_time{70'000};  // longer than that
  static constexpr duration shortest_sample{100'000};
  static constexpr duration longest_sample{10'000'000};

  static instant clock_now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }

  void take_turns(worker_thread& thread) {
    current_ = &thread;
    block_cache blocks(depot_);
    block_cache::current = &blocks;
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
    block_cache::current = nullptr;
    current_ = nullptr;
  }

  void work(worker_thread& thread, bool begins) {
    if (begins) take_turns(thread);
    std::shared_ptr<void> last;  // freed after the lock is, by this thread, which is detached then
    std::lock_guard lock(idle_mutex_);
    thread.is_over = true;
    if (std::all_of(threads_.begin(), threads_.end(), [](auto& t) { return t->is_over; })) {
      last = std::move(everything_);
    }
    over_.notify_all();
  }

  // --- seats

  static bool has_seat(worker_thread const& t) { return t.is_lost.load(std::memory_order_relaxed) == 0; }

  /// Under `idle_mutex_`. Throws if the system has no thread left.
  void seat_new_thread(worker& seat) {
    if (spare_.empty()) spare_.push_back(std::make_unique<worker_thread>(*this));
    worker_thread& t = *spare_.back();
    t.seat = &seat;
    t.is_left = t.is_over = false;
    t.is_lost.store(0, std::memory_order_relaxed);
    threads_.reserve(threads_.size() + 1);
    t.handle = std::thread([this, &t] {
      // Waits until the thread is known.
      std::unique_lock lock(idle_mutex_);
      const bool begins = !ending_;
      lock.unlock();
      work(t, begins);
    });
    threads_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    worker_thread* const before = seat.held_by.load(std::memory_order_relaxed);
    seat.held_by.store(&t, std::memory_order_release);  // to thieves
    if (before == nullptr) return;
    std_atomics::announce(before->is_lost, 1U);  // pairs with the check after a submission
    give_away(*before);
  }
  /// The same, unless it cannot be had: then the watchdog tries again.
  void replace(worker& seat) noexcept {
    if (ending_) return;
    forget_ended_threads();
    try {
      seat_new_thread(seat);
    } catch (...) {
    }
    if (!shared_.seems_empty() && parking_.needs_wake()) wake_one_locked();
  }
  /// Under `idle_mutex_`. Those that have lost their seats and are done.
  void forget_ended_threads() {
    for (auto at = threads_.begin(); at != threads_.end();) {
      if (!(*at)->is_over) {
        ++at;
        continue;
      }
      (*at)->handle.join();  // it is past its last lock
      spare_.push_back(std::move(*at));
      at = threads_.erase(at);
    }
  }

  /// What stands in the slot and the ring of a thread goes to the shared queue. Any thread.
  void give_away(worker_thread& from) {
    if (runnable* const r = from.next.clear_out()) shared_.push(*r);
    while (from.ring.steal([this](runnable& r) { shared_.push(r); }) != 0) {
    }
  }
  void give_away_if_lost(worker_thread& self) {
    if (std_atomics::check(self.is_lost) == 0) return;  // pairs with the announcement
    give_away(self);
    if (parking_.needs_wake()) wake_one();
  }

  // --- the watchdog

  void watch() {
    const std::int64_t longest = std::min(stall_limit_.nanoseconds / 8 + 1000, longest_sample.nanoseconds);
    std::int64_t interval = shortest_sample.nanoseconds;
    bool was_idle = false;
    std::unique_lock lock(idle_mutex_);
    while (!ending_) {
      const bool is_idle = idle_.size() == workers_.size();
      if (is_idle && was_idle) {
        watching_ = was_idle = false;
        watch_.wait(lock, [&] { return watching_; });
        interval = shortest_sample.nanoseconds;
        continue;
      }
      was_idle = is_idle;
      watch_.wait_for(lock, std::chrono::nanoseconds(std::min(interval, longest)));
      const instant now = clock_now();
      const bool anything_waits = timers_.next() <= now || !shared_.seems_empty();
      bool gave_away = false;
      for (auto& w : workers_) gave_away |= look_at(*w, now, anything_waits, lock);
      interval = gave_away ? shortest_sample.nanoseconds : std::min(2 * interval, longest);
    }
  }

  /// Answers whether the worker had to give away what it cannot come to. Unlocks while it tells.
  bool look_at(worker& seat, instant now, bool anything_waits, std::unique_lock<std::mutex>& lock) {
    worker_thread& t = *seat.held_by.load(std::memory_order_relaxed);
    // Pairs with the stores in `take_turns`.
    runnable* const r = t.runs.load(std::memory_order_acquire);
    const std::uint64_t turn = t.turn.load(std::memory_order_relaxed);
    // One whose turns have become long has not measured that yet.
    const bool is_slow = turn - t.seen_turn < look_around && !t.ring.is_empty();
    if (anything_waits || is_slow) t.is_asked_to_look.store(true, std::memory_order_relaxed);
    if (turn != t.seen_turn) {
      t.seen_turn = turn;
      t.seen_at = now;
      return false;
    }
    if (r == nullptr || ending_) return false;
    bool gave_away = false;
    if (size() != 1 && (!t.next.is_empty() || !t.ring.is_empty())) {
      give_away(t);
      gave_away = true;
      if (parking_.needs_wake()) wake_one_locked();
    }
    if (now - t.seen_at < stall_limit_) return gave_away;
    replace(seat);
    if (std::exchange(t.reported, turn) == turn) return true;  // no thread was to be had the last time
    lock.unlock();
    r->stalled();
    lock.lock();
    return true;
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

  runnable* find(worker_thread& self) {
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
    const instant end = clock_now() + search_time;
    do {
      if (runnable* r = steal(self, &seen)) return r;
      for (int i = 0; i != 32; ++i) pause();
    } while (!next_due_has_come() && clock_now() < end);
    return nullptr;
  }
  /// It has found work, and if there is more, somebody else is to look for that.
  void end_search(worker_thread& self) {
    self.is_searching = false;
    if (parking_.end_search_with_work() && anything_to_share() && parking_.needs_wake()) wake_one();
  }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
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

  void wake_one() {
    std::lock_guard lock(idle_mutex_);
    wake_one_locked();
  }
  void wake_one_locked() {
    worker* chosen = nullptr;
    for (worker* w : idle_) {
      if (!w->woken && (chosen == nullptr || chosen == timekeeper_)) chosen = w;
    }
    if (chosen == nullptr) return;
    parking_.woken();
    chosen->wake();
  }

  static inline constinit thread_local worker_thread* current_ = nullptr;

  depot depot_;  // outlives the workers' caches
  std::vector<std::unique_ptr<worker>> workers_;
  run_queue shared_;
  timer_wheel timers_;
  std::mutex idle_mutex_;
  std::vector<worker*> idle_;
  worker* timekeeper_ = nullptr;
  parking<> parking_;
  bool ending_ = false;

  // Under `idle_mutex_`.
  std::vector<std::unique_ptr<worker_thread>> threads_;
  std::vector<std::unique_ptr<worker_thread>> spare_;
  std::condition_variable over_;
  std::shared_ptr<void> everything_;

  duration const stall_limit_;
  std::thread watchdog_;
  std::condition_variable watch_;
  bool watching_ = true;
};

}  // namespace espalier::runtime
