// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <chrono>
#include <condition_variable>
#include <espalier/runtime/run_queue.hpp>
#include <memory>
#include <thread>

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
//   queue
//      once more, taking each queue's lock.
//   2. Who submits pushes under the queue's lock, and then reads `sleepers_`.
//   3. Either the look in 1 comes after the push in the order of that queue's lock, and sees the work; or it
//   comes
//      before, and then the count in 1 happens before the read in 2, which sees a sleeper and wakes one. The
//      queue's mutex gives the order, so `sleepers_` itself can be relaxed.
//   4. A worker is woken by setting its `woken` flag under `idle_mutex_`; it sleeps only while the flag is
//   unset. The
//      timekeeper is woken last.
//   5. A timekeeper that leaves has another parked worker take its place, because its next turn may be a long
//   one. A
//      timer that becomes the first to expire has the timekeeper look again. While no worker is parked, one
//      that ends its turn looks at the timers.
namespace espalier::runtime {

class pool final : public scheduler {
 public:
  /// Starts the workers; at least one.
  explicit pool(unsigned workers) {
    workers_.reserve(workers);
    for (unsigned i = 0; i != workers; ++i) workers_.push_back(std::make_unique<worker>(*this, i));
    try {
      for (auto& w : workers_) w->thread = std::thread([&w = *w] { w.home.work(w); });
    } catch (...) {
      end();
      throw;
    }
  }

  /// Ends the workers. What is still queued is not run.
  ~pool() { end(); }

  void submit(runnable& r) override {
    worker* self = current_;
    (self != nullptr && &self->home == this ? self->queue : shared_).push(r);
    if (sleepers_.load(std::memory_order_relaxed) != 0) wake_one();
  }

  instant now() override { return clock_now(); }

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

  unsigned size() const { return static_cast<unsigned>(workers_.size()); }

  /// Whether the calling thread is a worker of this pool.
  bool is_worker() const { return current_ != nullptr && &current_->home == this; }

 private:
  void end() noexcept {
    {
      std::lock_guard lock(idle_mutex_);
      ending_ = true;
      for (auto& w : workers_) w->wake();
    }
    for (auto& w : workers_) {
      if (w->thread.joinable()) w->thread.join();
    }
  }

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
    std::thread thread;
  };

  static constexpr unsigned outside_first =
      61;  // turns; a prime, so that it does not beat in time with anything
  static constexpr duration long_turn{1'000'000};

  static instant clock_now() {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }

  void work(worker& self) {
    current_ = &self;
    for (unsigned tick = 0;; ++tick) {
      if (next_due_has_come()) timers_.expire(clock_now());
      if (runnable* r = find(self, tick)) {
        const instant before = clock_now();
        r->run();
        if (clock_now() - before > long_turn)
          tick = outside_first - 1;  // outside work has waited long enough
      } else if (!park(self)) {
        return;
      }
    }
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
  bool park(worker& self) {
    std::unique_lock lock(idle_mutex_);
    if (ending_) return false;
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

  std::vector<std::unique_ptr<worker>> workers_;
  run_queue shared_;
  timer_queue timers_;
  std::mutex idle_mutex_;
  std::vector<worker*> idle_;
  worker* timekeeper_ = nullptr;
  std::atomic<unsigned> sleepers_{0};
  bool ending_ = false;
};

}  // namespace espalier::runtime
