// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <espalier/process/answer.hpp>
#include <espalier/process/envelope.hpp>
#include <espalier/runtime/address.hpp>
#include <espalier/runtime/spin.hpp>
#include <mutex>
#include <thread>

namespace espalier::runtime {

/// A call from a thread outside the tree. It has two owners, the waiting thread and the request on its way,
/// and goes with the second of them: so a late answer finds somebody to drop it. The thread looks for the
/// answer for a moment before it sleeps, because to be woken takes longer than most answers do.
class outside_call final : public reply_sink {
 public:
  static outside_call* make() { return new outside_call; }

  void deliver(answerable& answered) noexcept override {
    {
      std::lock_guard lock(mutex_);
      answer_ = &answered;
      arrived_.notify_one();
    }
    is_there_.store(true, std::memory_order_relaxed);  // only now, so that nobody waits for the lock
    release();
  }

  /// Blocks until the answer is there or the limit is over. Answers null after the limit.
  answerable* wait(duration limit) {
    look_for_answer(limit);
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
  answerable* poll() {
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

  void look_for_answer(duration limit) const {
    constexpr duration moment{10'000};
    static bool const has_other_cores = std::thread::hardware_concurrency() > 1;
    if (!has_other_cores) return;
    const std::chrono::nanoseconds most(std::min(limit, moment).nanoseconds);
    const auto end = std::chrono::steady_clock::now() + most;
    while (!is_there_.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < end) spin_once();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  answerable* answer_ = nullptr;
  std::atomic<bool> is_there_{false};
  std::atomic<int> owners_{2};
};

/// A thread outside the tree that waits for room in a mailbox. Like a call it has two owners, the thread and
/// the mailbox, and goes with the second of them.
class outside_room final : public room_waiter {
 public:
  static outside_room* make(address& to) {
    auto* room = new outside_room;
    if (!to.has_wait_for_room(*room, 0)) room->go_on(0);
    return room;
  }

  void go_on(std::uint64_t) noexcept override {
    {
      std::lock_guard lock(mutex_);
      there_ = true;
      arrived_.notify_one();
    }
    release();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return there_; });
  }
  /// For a scheduler that runs on the calling thread.
  bool is_there() {
    std::lock_guard lock(mutex_);
    return there_;
  }
  void release() noexcept {
    // Pairs with itself, as in `outside_call`.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  outside_room() = default;
  ~outside_room() = default;

  std::mutex mutex_;
  std::condition_variable arrived_;
  bool there_ = false;
  std::atomic<int> owners_{2};
};

}  // namespace espalier::runtime
