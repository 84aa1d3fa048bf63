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

  /// What was pushed before is seen by whoever parks (parking.hpp).
  bool seems_empty() const { return size_.load(std::memory_order_acquire) == 0; }

 private:
  std::mutex mutex_;
  runnable* first_ = nullptr;
  runnable* last_ = nullptr;
  std::atomic<std::size_t> size_{0};
};

}  // namespace espalier::runtime
