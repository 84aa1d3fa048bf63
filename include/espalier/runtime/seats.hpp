// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/pace.hpp>
#include <espalier/runtime/parking.hpp>
#include <espalier/runtime/recent_clock.hpp>
#include <espalier/runtime/run_queue.hpp>
#include <espalier/runtime/timer_wheel.hpp>
#include <espalier/runtime/work_ring.hpp>
#include <memory>
#include <thread>
#include <utility>

// The threads of a pool, and who watches them. What they do is in pool.hpp.
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
//
// The watchdog, a thread of its own, looks at all seats while any worker is awake, and sleeps with them: at
// first soon, and then less and less often, up to every 10 ms. What a worker has woken, but not come to
// since, because it runs something long, it gives to the others. It sees how long a turn takes by the number
// of the turn, which the worker publishes.
namespace espalier::runtime {

class seats : public scheduler {
 public:
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

  void replace_worker_of(runnable& r) override {
    std::unique_lock lock(idle_mutex_);
    for (auto& t : threads_) {
      if (t->runs.load(std::memory_order_relaxed) != &r || t->is_left || t->is_over) continue;
      t->is_left = true;
      if (has_seat(*t)) replace(*t->seat);
      return;
    }
  }

  unsigned size() const { return static_cast<unsigned>(workers_.size()); }

 protected:
  struct worker;

  /// A thread, what it runs, and what it is to run.
  struct worker_thread {
    explicit worker_thread(seats& of) : home(of) {}

    seats& home;
    worker* seat = nullptr;
    worker_slot next;
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
    bool is_patient = true;  // when it searches

    // Under `idle_mutex_`.
    std::thread handle;
    std::uint64_t seen_turn = 0;
    instant seen_at;
    std::uint64_t reported = 0;  // the turn that was reported as stalled
    bool is_left = false;        // in a function that was left behind
    bool is_over = false;
  };

  struct worker {
    explicit worker(unsigned which) : number(which) {}

    /// Under `idle_mutex_`.
    void wake() {
      woken = true;
      signal.notify_one();
    }

    unsigned number;
    std::condition_variable signal;
    bool woken = false;
    std::atomic<worker_thread*> held_by{nullptr};  // written under `idle_mutex_`
  };

  /// Whatever a worker runs for `stall_limit` is told that it has stalled.
  seats(unsigned workers, duration stall_limit) : stall_limit_(stall_limit) {
    workers_.reserve(workers);
    for (unsigned i = 0; i != workers; ++i) workers_.push_back(std::make_unique<worker>(i));
  }
  ~seats() = default;

  /// Starts the threads. They take turns until they have no seat any more, or the pool ends.
  void begin() {
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
  virtual void take_turns(worker_thread& thread) = 0;

  static instant clock_now() { return recent_clock::now(); }

  static bool has_seat(worker_thread const& t) { return t.is_lost.load(std::memory_order_relaxed) == 0; }

  /// What stands in the slot and the ring of a thread goes to the shared queue. Any thread.
  void give_away(worker_thread& from) {
    if (runnable* const r = from.next.clear_out()) shared_.push(*r);
    while (from.ring.steal([this](runnable& r) { shared_.push(r); }) != 0) {
    }
  }
  [[gnu::always_inline]] void give_away_if_lost(worker_thread& self) {
    if (std_atomics::check(self.is_lost) != 0) give_away_all(self);  // pairs with the announcement
  }
  [[gnu::noinline]] void give_away_all(worker_thread& self) {
    give_away(self);
    if (parking_.needs_wake()) wake_one();
  }

  // --- waking

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

  static constexpr unsigned look_around = 64;  // turns

  std::vector<std::unique_ptr<worker>> workers_;
  run_queue shared_;
  timer_wheel timers_;
  std::mutex idle_mutex_;
  std::vector<worker*> idle_;
  worker* timekeeper_ = nullptr;
  parking<> parking_;
  bool ending_ = false;
  std::condition_variable watch_;
  bool watching_ = true;

 private:
  static constexpr duration shortest_sample{100'000};
  static constexpr duration longest_sample{10'000'000};

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

  // --- the watchdog

  void watch() {
    const std::int64_t longest = std::min(stall_limit_.nanoseconds / 8 + 1000, longest_sample.nanoseconds);
    std::int64_t interval = shortest_sample.nanoseconds;
    std::unique_lock lock(idle_mutex_);
    while (!ending_) {
      if (idle_.size() == workers_.size()) {
        watching_ = false;
        watch_.wait(lock, [&] { return watching_; });
        interval = shortest_sample.nanoseconds;
        continue;
      }
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

  // Under `idle_mutex_`.
  std::vector<std::unique_ptr<worker_thread>> threads_;
  std::vector<std::unique_ptr<worker_thread>> spare_;
  std::condition_variable over_;
  std::shared_ptr<void> everything_;

  duration const stall_limit_;
  std::thread watchdog_;
};

}  // namespace espalier::runtime
