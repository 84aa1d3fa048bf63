// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <thread>

namespace espalier::runtime {

/// A lock for a few instructions, of one byte. Taking it is one exchange, and giving it back a plain store,
/// which a mutex that can put threads to sleep cannot do. Who finds it taken tries for a moment, and then
/// lets others run, since its holder may have lost its core.
class short_lock {
 public:
  [[gnu::always_inline]] void lock() noexcept {
    if (is_taken_.exchange(true, std::memory_order_acquire)) lock_after_wait();  // pairs with `unlock`
  }
  void unlock() noexcept { is_taken_.store(false, std::memory_order_release); }

 private:
  [[gnu::noinline]] void lock_after_wait() noexcept {
    do {
      for (int i = 0; is_taken_.load(std::memory_order_relaxed); ++i) {
        if (i >= 64) std::this_thread::yield();
      }
    } while (is_taken_.exchange(true, std::memory_order_acquire));
  }

  std::atomic<bool> is_taken_{false};
};

}  // namespace espalier::runtime
