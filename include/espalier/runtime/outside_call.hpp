// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <espalier/process/answer.hpp>
#include <espalier/process/envelope.hpp>
#include <mutex>

namespace espalier::runtime {

/// A call from a thread outside the tree. It has two owners, the waiting thread and the request on its way,
/// and goes with the second of them: so a late answer finds somebody to drop it.
class outside_call final : public reply_sink {
 public:
  static outside_call* make() { return new outside_call; }

  void deliver(envelope& answered) noexcept override {
    {
      std::lock_guard lock(mutex_);
      answer_ = &answered;
      arrived_.notify_one();
    }
    release();
  }

  /// Blocks until the answer is there or the limit is over. Answers null after the limit.
  envelope* wait(duration limit) {
    std::unique_lock lock(mutex_);
    auto there = [&] { return answer_ != nullptr; };
    if (limit == infinity) {
      arrived_.wait(lock, there);
    } else {
      arrived_.wait_for(lock, std::chrono::nanoseconds(limit.nanoseconds), there);
    }
    return std::exchange(answer_, nullptr);
  }

  /// The answer, if it is there. For a scheduler that runs on the calling thread.
  envelope* poll() {
    std::lock_guard lock(mutex_);
    return std::exchange(answer_, nullptr);
  }

  /// Called once by each owner.
  void release() noexcept {
    // Pairs with itself: the last owner sees what the other did before.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  outside_call() = default;
  ~outside_call() { delete answer_; }

  std::mutex mutex_;
  std::condition_variable arrived_;
  envelope* answer_ = nullptr;
  std::atomic<int> owners_{2};
};

}  // namespace espalier::runtime
