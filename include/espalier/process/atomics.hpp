#pragma once
#include <atomic>
namespace espalier::runtime {
struct std_atomics {
  template <class T> using atomic = std::atomic<T>;
  static constexpr auto relaxed = std::memory_order_relaxed, acquire = std::memory_order_acquire, release = std::memory_order_release, acq_rel = std::memory_order_acq_rel;
  template <class T> static void publish(std::atomic<T>& a, T v) { a.exchange(v, std::memory_order_seq_cst); }
  static bool look(std::atomic<bool>& a) { return a.load(std::memory_order_seq_cst); }
  static void announce(std::atomic<bool>& a, bool v) { a.exchange(v, std::memory_order_seq_cst); }
};
}
