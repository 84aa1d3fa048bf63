// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/runtime/scheduler.hpp>

namespace espalier::runtime {

/// First in, first out, under a mutex. The owner and thieves take from the same end, so nothing waits for
/// ever.
class run_queue {
 public:
  void push(runnable& r) {
    std::lock_guard lock(mutex_);
    r.next_runnable = nullptr;
    (last_ == nullptr ? first_ : last_->next_runnable) = &r;
    last_ = &r;
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// Null if there is nothing.
  runnable* pop() {
    // A hint only: who parks asks `empty` under the lock.
    if (size_.load(std::memory_order_relaxed) == 0) return nullptr;
    std::lock_guard lock(mutex_);
    runnable* r = first_;
    if (r == nullptr) return nullptr;
    first_ = r->next_runnable;
    if (first_ == nullptr) last_ = nullptr;
    size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return r;
  }

  bool empty() {
    std::lock_guard lock(mutex_);
    return first_ == nullptr;
  }

 private:
  std::mutex mutex_;
  runnable* first_ = nullptr;
  runnable* last_ = nullptr;
  std::atomic<std::size_t> size_{0};
};

}  // namespace espalier::runtime
