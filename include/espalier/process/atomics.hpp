// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <cstdint>

#if defined(__SANITIZE_THREAD__)
#define ESPALIER_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ESPALIER_THREAD_SANITIZER
#endif
#endif

#if defined(__linux__) && !defined(ESPALIER_THREAD_SANITIZER)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(SYS_membarrier)
#define ESPALIER_HAS_MEMBARRIER
#endif
#endif

// What lock-free code is written with: a policy that gives atomics and memory orders, so that tests can put
// those of a model checker in its place.
//
// Two threads that each store one thing and then look at the other's must not both miss each other. `check`
// and `announce` are for the case that one side is frequent and the other rare:
//
//   check(a)        the value of `a`, after this thread's stores before; for the frequent side
//   announce(a, v)  stores `v`, before this thread's loads after; for the rare side
//
// Of a frequent side that stores x and then checks a, and a rare side that announces a and then loads x, at
// least one sees what the other has stored. On Linux `announce` has the kernel put a barrier into every
// thread of the program (membarrier), so that `check` is a plain load; elsewhere, and under ThreadSanitizer,
// which knows no such thing, both are read-modify-writes of `a`: whichever comes second sees the first.
namespace espalier::runtime {

#if defined(ESPALIER_HAS_MEMBARRIER)
/// Whether the kernel does it; said once for the program.
inline bool const has_membarrier =
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
inline constexpr bool has_membarrier = false;
#endif

struct std_atomics {
  template <class T>
  using atomic = std::atomic<T>;

  static constexpr auto relaxed = std::memory_order_relaxed;
  static constexpr auto acquire = std::memory_order_acquire;
  static constexpr auto release = std::memory_order_release;
  static constexpr auto acq_rel = std::memory_order_acq_rel;

  template <class T>
  [[gnu::always_inline]] static T check(std::atomic<T>& a) {
    if (!has_membarrier) return a.fetch_add(0, acq_rel);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // for the compiler; pairs with `announce`
    return a.load(acquire);
  }
  template <class T>
  static void announce(std::atomic<T>& a, T v) {
    a.exchange(v, acq_rel);
    heavy_barrier();
  }
  template <class T>
  static void announce_add(std::atomic<T>& a, T n) {
    a.fetch_add(n, acq_rel);
    heavy_barrier();
  }

 private:
  static void heavy_barrier() {
#if defined(ESPALIER_HAS_MEMBARRIER)
    if (!has_membarrier || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
    // A process that was forked off may have to register anew.
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
#endif
  }
};

}  // namespace espalier::runtime

#undef ESPALIER_HAS_MEMBARRIER
#undef ESPALIER_THREAD_SANITIZER
