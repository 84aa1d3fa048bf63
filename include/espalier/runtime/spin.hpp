// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>

namespace espalier::runtime {

/// Tells the processor that the thread waits for another one, for some 10 to 50 ns.
inline void spin_once() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace espalier::runtime
