// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/runtime/node.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <mutex>
#include <utility>
#include <vector>

namespace espalier::runtime {

/// What supervisors have in common: notices come from any thread, and are taken on a worker, one at a time
/// and in order.
///
///   1. `scheduled_` is true from the moment when somebody is to take notices until the inbox is found empty
///      under the lock. Who changes it to true sees to that; so no notice is overlooked, and only one thread
///      takes them.
///   2. A worker that brings a notice to a supervisor that rests takes it there and then. It holds no lock,
///      and what the notice leads to may come back to what the worker runs, as it may from another worker.
///   3. Other threads, and timers, which expire under a lock, have the supervisor submitted.
///   4. What a worker that takes notices starts or stops may be up or have ended at once, and tells that
///      without a lock: only the thread that `taker_` names finds its name there. That a life has started comes next, before the
///      inbox, in which there is nothing about that life. Its end comes next if nothing waits; all else keeps
///      its order.
class notice_inbox : public node, public parent {
 public:
  /// Starts a new life, and answers its number. The last one has been told as ended.
  std::uint64_t start() override {
    const std::uint64_t number = ++asked_life_;
    tell({.what = notice_kind::start, .life = number});
    return number;
  }
  void stop() override { tell({.what = notice_kind::stop}); }
  /// Nobody kills a supervisor.
  void kill() override {}

  void take_request(envelope& r, plan::child_index child) noexcept override {
    tell({.what = notice_kind::request, .child = child, .request = &r});
  }
  void tell(notice n) noexcept override {
    if (taker_.load(std::memory_order_relaxed) == &this_thread && may_be_next(n)) {
      return at_once_.push_back(std::move(n));
    }
    if (!runs_.may_run_here()) return enqueue(std::move(n));
    {
      std::lock_guard lock(mutex_);
      if (scheduled_) return put(std::move(n));
      scheduled_ = true;
    }
    begin_to_take();
    is_last_ = true;
    take_with_what_is_next(n);
    if (!rests()) runs_.submit(*this);
  }

  void run() noexcept override {
    {
      std::lock_guard lock(mutex_);
      batch_.swap(inbox_);
      is_empty_.store(true, std::memory_order_relaxed);
    }
    if (runs_.may_run_here()) begin_to_take();
    for (notice& n : batch_) {
      is_last_ = &n == &batch_.back();
      take_with_what_is_next(n);
    }
    batch_.clear();
    if (!rests()) runs_.submit(*this);
  }

 protected:
  explicit notice_inbox(scheduler& runs) : runs_(runs) {}
  ~notice_inbox() = default;

  virtual void take(notice& n) = 0;

  /// By the taker: whether that child has just told its end, which comes next.
  bool has_ended_at_once(plan::child_index i) const {
    return next_ != at_once_.size() && at_once_.back().what == notice_kind::ended &&
           at_once_.back().child == i;
  }

  /// As `tell`, where a lock is held.
  void enqueue(notice n) noexcept {
    std::unique_lock lock(mutex_);
    put(std::move(n));
    const bool was = std::exchange(scheduled_, true);
    lock.unlock();
    if (!was) runs_.submit(*this);
  }

 private:
  void begin_to_take() { taker_.store(&this_thread, std::memory_order_relaxed); }
  /// Under the lock.
  void put(notice n) {
    inbox_.push_back(std::move(n));
    is_empty_.store(false, std::memory_order_relaxed);
  }
  /// By the taker.
  bool may_be_next(notice const& n) const {
    return n.what == notice_kind::started ||
           (n.what == notice_kind::ended && is_last_ && is_empty_.load(std::memory_order_relaxed));
  }
  void take_with_what_is_next(notice& n) {
    take(n);
    while (next_ != at_once_.size()) {
      notice next = std::move(at_once_[next_++]);
      take(next);
    }
    at_once_.clear();
    next_ = 0;
  }
  bool rests() {
    taker_.store(nullptr, std::memory_order_relaxed);  // while no one else may take
    std::lock_guard lock(mutex_);
    if (inbox_.empty()) scheduled_ = false;
    return !scheduled_;
  }

  static inline constinit thread_local char this_thread = 0;  // by whose address it is known

  scheduler& runs_;
  short_lock mutex_;
  std::vector<notice> inbox_;
  bool scheduled_ = false;
  std::atomic<char const*> taker_{nullptr};
  std::atomic<bool> is_empty_{true};  // the inbox; written under the lock
  // Touched by the taker.
  std::vector<notice> batch_;
  bool is_last_ = false;          // of these
  std::vector<notice> at_once_;   // comes before the next of these
  std::size_t next_ = 0;          // of these that came at once
  std::uint64_t asked_life_ = 0;  // touched by the parent
};

}  // namespace espalier::runtime
