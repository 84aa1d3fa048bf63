// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/runtime/scheduler.hpp>

namespace espalier::runtime {

/// First in, first out, under a mutex. Any thread.
class run_queue {
 public:
  void push(runnable& r) {
    std::lock_guard lock(mutex_);
    r.next_runnable = nullptr;
    (last_ == nullptr ? first_ : last_->next_runnable) = &r;
    last_ = &r;
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Null if there is nothing.
  runnable* pop() {
    // A hint, so that workers do not lock for nothing.
    if (size_.load(std::memory_order_relaxed) == 0) return nullptr;
    std::lock_guard lock(mutex_);
    runnable* r = first_;
    if (r == nullptr) return nullptr;
    first_ = r->next_runnable;
    if (first_ == nullptr) last_ = nullptr;
    size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return r;
  }

  /// The oldest, null if there is nothing. Its share of the others, if `sharers` take in turns, goes to
  /// `take`, which answers false if it has no room.
  template <class Take>
  runnable* pop_share(std::size_t sharers, Take take) {
    if (size_.load(std::memory_order_relaxed) == 0) return nullptr;
    std::lock_guard lock(mutex_);
    const std::size_t queued = size_.load(std::memory_order_relaxed);
    runnable* const oldest = first_;
    std::size_t taken = 0;
    for (runnable* r = oldest; r != nullptr && taken <= queued / sharers; r = first_) {
      runnable* const following = r->next_runnable;  // `take` may have it run elsewhere at once
      if (taken != 0 && !take(*r)) break;
      first_ = following;
      ++taken;
    }
    if (first_ == nullptr) last_ = nullptr;
    size_.store(queued - taken, std::memory_order_relaxed);
    return oldest;
  }

  /// What was pushed before is seen by whoever parks (parking.hpp).
  bool seems_empty() const { return size_.load(std::memory_order_acquire) == 0; }

 private:
  std::mutex mutex_;
  runnable* first_ = nullptr;
  runnable* last_ = nullptr;
  std::atomic<std::size_t> size_{0};
};

}  // namespace espalier::runtime
