// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <espalier/runtime/wheel.hpp>
#include <mutex>
#include <vector>

namespace espalier::runtime {

/// Something that happens at an instant. It is destroyed only when it is not armed, or nothing expires any
/// more.
class timer : public timer_links {
 public:
  /// Called once when the time has come, under the lock of the queue: it may lock a place or a supervisor,
  /// but must neither arm nor disarm.
  virtual void expire() noexcept = 0;
  /// When; for the queue that it is in.
  instant due() const { return due_; }

 protected:
  timer() : timer_links{} {}
  timer(timer const&) = delete;
  timer& operator=(timer const&) = delete;
  virtual ~timer() = default;

 private:
  friend class timer_queue;
  friend class timer_wheel;
  static constexpr std::uint32_t unarmed = UINT32_MAX;

  instant due_{};
  std::uint64_t order_ = 0;  // of arming, so that equal instants keep it
  std::uint32_t slot_ = unarmed;
};

/// The armed timers of a simulation, where every instant counts: a binary heap of pointers, in which each
/// timer knows its slot. Any thread.
///
/// Locks: expiring holds the queue's lock while it takes a mailbox's, then a run queue's, then the pool's
/// idle lock. So no one arms or disarms while holding one of those.
class timer_queue {
 public:
  /// Answers whether it is the first to expire now.
  bool arm(timer& t, instant due) {
    std::lock_guard lock(mutex_);
    if (t.slot_ != timer::unarmed) remove(t);
    t.due_ = due;
    t.order_ = ++orders_;
    heap_.push_back(&t);
    rise(heap_.size() - 1, &t);
    publish();
    return heap_.front() == &t;
  }

  /// Answers false if it has expired, or was not armed. When it returns, the timer does not expire any more.
  bool disarm(timer& t) {
    std::lock_guard lock(mutex_);
    if (t.slot_ == timer::unarmed) return false;
    remove(t);
    publish();
    return true;
  }

  /// When the next timer expires, or `end_of_time`. Takes no lock: who arms a timer publishes its time before
  /// it looks for somebody to wake, and the pool's idle lock orders the two.
  instant next() const { return {next_.load(std::memory_order_relaxed)}; }

  /// How many timers are armed.
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return heap_.size();
  }

  /// Expires what is due, in order of time.
  void expire(instant now) {
    std::lock_guard lock(mutex_);
    while (!heap_.empty() && heap_.front()->due_ <= now) {
      timer& t = *heap_.front();
      remove(t);
      publish();
      t.expire();
    }
  }

 private:
  /// Under the lock.
  void publish() {
    next_.store((heap_.empty() ? end_of_time : heap_.front()->due_).nanoseconds, std::memory_order_relaxed);
  }
  static bool before(timer const* a, timer const* b) {
    return a->due_ != b->due_ ? a->due_ < b->due_ : a->order_ < b->order_;
  }
  void put(std::size_t slot, timer* t) {
    heap_[slot] = t;
    t->slot_ = static_cast<std::uint32_t>(slot);
  }
  void rise(std::size_t slot, timer* t) {
    while (slot != 0 && before(t, heap_[(slot - 1) / 2])) {
      put(slot, heap_[(slot - 1) / 2]);
      slot = (slot - 1) / 2;
    }
    put(slot, t);
  }
  void sink(std::size_t slot, timer* t) {
    for (std::size_t child = 2 * slot + 1; child < heap_.size(); child = 2 * slot + 1) {
      if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
      if (before(t, heap_[child])) break;
      put(slot, heap_[child]);
      slot = child;
    }
    put(slot, t);
  }
  void remove(timer& t) {
    const std::size_t slot = t.slot_;
    t.slot_ = timer::unarmed;
    timer* last = heap_.back();
    heap_.pop_back();
    if (last == &t) return;
    if (slot != 0 && before(last, heap_[(slot - 1) / 2])) {
      rise(slot, last);
    } else {
      sink(slot, last);
    }
  }

  mutable std::mutex mutex_;
  std::vector<timer*> heap_;
  std::uint64_t orders_ = 0;
  std::atomic<std::int64_t> next_{end_of_time.nanoseconds};
};

}  // namespace espalier::runtime
