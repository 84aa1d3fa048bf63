// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <espalier/runtime/depot.hpp>
#include <espalier/runtime/run_queue.hpp>
#include <memory>
#include <thread>
#include <utility>

// A small work-stealing pool.
//
// Work: each worker has a queue; what a worker submits goes to its own, what other threads submit to a shared
// one. A worker takes from its own, then from the shared one, then from its neighbours'. Now and then it
// looks at the shared one first, so that outside work is not starved.
//
// Time: whoever takes work expires due timers first. While all are parked, one of them, the timekeeper, waits
// with the next deadline, and the others without.
//
// Parking, and why no wake-up is lost:
//   1. A worker that finds nothing locks `idle_mutex_`, counts itself in `sleepers_`, and then looks at every
//      queue once more, taking each queue's lock.
//   2. Who submits pushes under the queue's lock, and then reads `sleepers_`.
//   3. Either the look in 1 comes after the push in the order of that queue's lock, and sees the work; or it
//      comes before, and then the count in 1 happens before the read in 2, which sees a sleeper and wakes
//      one. The queue's mutex gives the order, so `sleepers_` itself can be relaxed.
//   4. A worker is woken by setting its `woken` flag under `idle_mutex_`; it sleeps only while the flag is
//      unset. The timekeeper is woken last.
//   5. A timekeeper that leaves has another parked worker take its place, because its next turn may be a long
//      one. A timer that becomes the first to expire has the timekeeper look again. While no worker is
//      parked, one that ends its turn looks at the timers.
//
// Functions that take long (SEMANTICS 16). A worker is a seat with a queue, and a thread has the seat:
//   1. A thread publishes what it runs, and since when. The watchdog, a thread of its own, looks at all seats
//      a few times within the stall limit while any worker is awake, and sleeps with them.
//   2. It gives the seat of a thread that has run one thing for the limit to a new thread, and has what runs
//      reported. So does `replace_worker_of`, for a function that is left behind.
//   3. A thread that has lost its seat ends when it comes back. Until it sees that, it may run something
//      more: queues are locked, and a seat is parked on and given away under `idle_mutex_`, so two threads of
//      one seat do no harm.
//   4. The end of the pool waits for all threads but those in a function that was left behind. The last of
//      these frees what `leave_to_threads` was given.
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
      for (auto& w : workers_) seat_new_thread(*w);
      if (stall_limit_ != infinity) watchdog_ = std::thread([this] { watch(); });
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
    worker* self = current_;
    (self != nullptr && &self->home == this ? self->queue : shared_).push(r);
    if (sleepers_.load(std::memory_order_relaxed) != 0) wake_one();
  }

  instant now() override { return clock_now(); }
  bool keeps_stale_timers() const override { return true; }

  void arm(timer& t, instant due) override {
    if (due == end_of_time || !timers_.arm(t, due)) return;
    std::lock_guard lock(idle_mutex_);
    appoint_timekeeper();
  }
  void disarm(timer& t) override { timers_.disarm(t); }
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
      if (t->seat->held_by.load(std::memory_order_relaxed) == t.get()) replace(*t->seat);
      return;
    }
  }

  unsigned size() const { return static_cast<unsigned>(workers_.size()); }

  /// Whether the calling thread is a worker of this pool.
  bool is_worker() const { return current_ != nullptr && &current_->home == this; }

 private:
  struct worker;

  /// A thread, and what it runs.
  struct worker_thread {
    worker* seat = nullptr;
    std::atomic<runnable*> runs{nullptr};
    std::atomic<std::int64_t> since{0};  // nanoseconds of the clock
    // Under `idle_mutex_`.
    std::thread handle;
    std::int64_t reported = -1;  // what it ran since then, as stalled
    bool is_left = false;        // in a function that was left behind
    bool is_over = false;
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
    run_queue queue;
    std::condition_variable signal;
    bool woken = false;
    std::atomic<worker_thread*> held_by{nullptr};  // written under `idle_mutex_`
  };

  static constexpr unsigned outside_first =
      61;  // turns; a prime, so that it does not beat in time with anything
  static constexpr duration long_turn{1'000'000};

  static instant clock_now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }

  void work(worker_thread& thread) {
    worker& self = *thread.seat;
    current_ = &self;
    block_cache blocks(depot_);
    block_cache::current = &blocks;
    for (unsigned tick = 0; has_seat(thread); ++tick) {
      if (next_due_has_come()) timers_.expire(clock_now());
      if (runnable* r = find(self, tick)) {
        const instant before = clock_now();
        thread.since.store(before.nanoseconds, std::memory_order_relaxed);
        // Releases `since` to the watchdog's load.
        thread.runs.store(r, std::memory_order_release);
        r->run();
        thread.runs.store(nullptr, std::memory_order_relaxed);
        if (clock_now() - before > long_turn)
          tick = outside_first - 1;  // outside work has waited long enough
      } else if (!park(thread)) {
        break;
      }
    }
    block_cache::current = nullptr;
    std::shared_ptr<void> last;  // freed after the lock is, by this thread, which is detached then
    std::lock_guard lock(idle_mutex_);
    thread.is_over = true;
    if (std::all_of(threads_.begin(), threads_.end(), [](auto& t) { return t->is_over; })) {
      last = std::move(everything_);
    }
    over_.notify_all();
  }

  // --- seats

  static bool has_seat(worker_thread const& t) {
    // The thread itself is what was written: nothing else is read through it.
    return t.seat->held_by.load(std::memory_order_relaxed) == &t;
  }

  /// Under `idle_mutex_`. Throws if the system has no thread left.
  void seat_new_thread(worker& seat) {
    auto fresh = std::make_unique<worker_thread>();
    worker_thread& t = *fresh;
    t.seat = &seat;
    threads_.reserve(threads_.size() + 1);
    worker_thread* const before = seat.held_by.exchange(&t, std::memory_order_relaxed);
    try {
      t.handle = std::thread([this, &t] {
        // Waits until the thread is known.
        std::unique_lock lock(idle_mutex_);
        lock.unlock();
        work(t);
      });
    } catch (...) {
      seat.held_by.store(before, std::memory_order_relaxed);
      throw;
    }
    threads_.push_back(std::move(fresh));
  }
  /// The same, unless it cannot be had: then the watchdog tries again.
  void replace(worker& seat) noexcept {
    if (ending_) return;
    forget_ended_threads();
    try {
      seat_new_thread(seat);
    } catch (...) {
    }
  }
  /// Under `idle_mutex_`. Those that have lost their seats and are done.
  void forget_ended_threads() {
    std::erase_if(threads_, [](auto& t) {
      if (!t->is_over) return false;
      t->handle.join();  // it is past its last lock
      return true;
    });
  }

  // --- the watchdog

  void watch() {
    std::unique_lock lock(idle_mutex_);
    while (!ending_) {
      if (idle_.size() == workers_.size()) {
        watching_ = false;
        watch_.wait(lock, [&] { return watching_; });
        continue;
      }
      watch_.wait_for(lock, std::chrono::nanoseconds(stall_limit_.nanoseconds / 4 + 1'000'000));
      for (auto& w : workers_) look_at(*w, lock);
    }
  }

  /// Unlocks while it tells.
  void look_at(worker& seat, std::unique_lock<std::mutex>& lock) {
    worker_thread* const t = seat.held_by.load(std::memory_order_relaxed);
    // Pairs with the store in `work`.
    runnable* const r = t->runs.load(std::memory_order_acquire);
    const std::int64_t since = t->since.load(std::memory_order_relaxed);
    if (r == nullptr || ending_ || clock_now().nanoseconds - since < stall_limit_.nanoseconds) return;
    replace(seat);
    if (std::exchange(t->reported, since) == since) return;  // no thread was to be had the last time
    lock.unlock();
    r->stalled();
    lock.lock();
  }

  bool next_due_has_come() {
    const instant due = timers_.next();
    return due != end_of_time && due <= clock_now();
  }

  runnable* find(worker& self, unsigned tick) {
    if (tick % outside_first == 0) {
      if (runnable* r = shared_.pop()) return r;
    }
    if (runnable* r = self.queue.pop()) return r;
    if (runnable* r = shared_.pop()) return r;
    for (unsigned i = 1; i < workers_.size(); ++i) {
      if (runnable* r = workers_[(self.number + i) % workers_.size()]->queue.pop()) return r;
    }
    return nullptr;
  }

  bool anything_queued() {
    if (!shared_.empty()) return true;
    for (auto& w : workers_) {
      if (!w->queue.empty()) return true;
    }
    return false;
  }

  /// Sleeps until there may be work. Answers false when the pool ends.
  bool park(worker_thread& thread) {
    worker& self = *thread.seat;
    std::unique_lock lock(idle_mutex_);
    if (ending_ || !has_seat(thread)) return false;
    thread.is_left = false;  // it has returned, and no other thread was to be had for its seat
    sleepers_.fetch_add(1, std::memory_order_relaxed);
    if (!anything_queued()) {
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
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
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
    worker* chosen = nullptr;
    for (worker* w : idle_) {
      if (!w->woken && (chosen == nullptr || chosen == timekeeper_)) chosen = w;
    }
    if (chosen != nullptr) chosen->wake();
  }

  static inline thread_local worker* current_ = nullptr;

  depot depot_;  // outlives the workers' caches
  std::vector<std::unique_ptr<worker>> workers_;
  run_queue shared_;
  timer_queue timers_;
  std::mutex idle_mutex_;
  std::vector<worker*> idle_;
  worker* timekeeper_ = nullptr;
  std::atomic<unsigned> sleepers_{0};
  bool ending_ = false;

  // Under `idle_mutex_`.
  std::vector<std::unique_ptr<worker_thread>> threads_;
  std::condition_variable over_;
  std::shared_ptr<void> everything_;

  duration const stall_limit_;
  std::thread watchdog_;
  std::condition_variable watch_;
  bool watching_ = true;
};

}  // namespace espalier::runtime
