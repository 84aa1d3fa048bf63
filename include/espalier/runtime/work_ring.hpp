// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <espalier/process/atomics.hpp>

// The queue of one worker, first in, first out, from which others steal. It holds a bounded number.
//
//   1. Only the owner pushes: it fills the slot at `tail_`, and then moves `tail_`, which publishes the slot.
//   2. Owner and thieves take from `head_`: they read slots, and then move `head_` by a CAS. Who fails has
//      read nothing of value, and tries again. The owner takes one, a thief half.
//   3. A slot is filled again only after `head_` has moved past it, which the owner sees before it pushes; so
//      a thief whose slots were overwritten while it read finds `head_` moved.
//
// Memory orders: the store of `tail_` releases a slot to the thief's acquire load. The CAS of `head_`
// releases the reads of a slot to the owner's acquire load before it fills that slot again.
namespace espalier::runtime {

template <class T, std::size_t Capacity, class Atomics = std_atomics>
class work_ring {
  static_assert((Capacity & (Capacity - 1)) == 0, "the capacity is a power of two");

 public:
  /// Answers false if it is full. Only the owner.
  [[nodiscard]] bool push(T& what) {
    const std::uint32_t tail = tail_.load(Atomics::relaxed);
    if (tail - head_.load(Atomics::acquire) == Capacity) return false;
    slots_[tail % Capacity].store(&what, Atomics::relaxed);
    tail_.store(tail + 1, Atomics::release);
    return true;
  }

  /// The oldest; null if there is none. Only the owner.
  T* pop() {
    const std::uint32_t tail = tail_.load(Atomics::relaxed);
    std::uint32_t head = head_.load(Atomics::acquire);
    while (head != tail) {
      T* const what = slots_[head % Capacity].load(Atomics::relaxed);
      if (head_.compare_exchange_weak(head, head + 1, Atomics::acq_rel, Atomics::acquire)) return what;
    }
    return nullptr;
  }

  /// Takes the older half, at least one, and hands each to `give`, oldest first. Answers how many. Any
  /// thread.
  template <class Give>
  std::size_t steal(Give give) {
    std::uint32_t head = head_.load(Atomics::acquire);
    for (;;) {
      const std::uint32_t tail = tail_.load(Atomics::acquire);
      const std::uint32_t queued = tail - head;
      if (queued == 0) return 0;
      if (queued > Capacity) {  // `head_` has moved meanwhile
        head = head_.load(Atomics::acquire);
        continue;
      }
      const std::uint32_t count = queued - queued / 2;
      T* taken[Capacity / 2 + 1];
      for (std::uint32_t i = 0; i != count; ++i)
        taken[i] = slots_[(head + i) % Capacity].load(Atomics::relaxed);
      if (!head_.compare_exchange_weak(head, head + count, Atomics::acq_rel, Atomics::acquire)) continue;
      for (std::uint32_t i = 0; i != count; ++i) give(*taken[i]);
      return count;
    }
  }

  /// Which one is the oldest: it differs once that is gone.
  std::uint32_t head() const { return head_.load(Atomics::relaxed); }
  /// At some moment. To others than the owner.
  std::size_t size() const {
    const std::uint32_t head = head_.load(Atomics::acquire);
    const std::uint32_t queued = tail_.load(Atomics::acquire) - head;
    return queued > Capacity ? 0 : queued;
  }
  bool is_empty() const { return head_.load(Atomics::acquire) == tail_.load(Atomics::acquire); }

 private:
  // Thieves write to the first, the owner to the second.
  alignas(64) typename Atomics::template atomic<std::uint32_t> head_{0};
  alignas(64) typename Atomics::template atomic<std::uint32_t> tail_{0};
  typename Atomics::template atomic<T*> slots_[Capacity] = {};
};

}  // namespace espalier::runtime
