// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

// Comes after all other headers, because Relacy turns names of the standard library into macros.
#include <iostream>
#include <type_traits>

#include <relacy/relacy.hpp>

/// The policy that has Relacy explore what is written with `espalier::runtime::std_atomics`. The barrier that
/// the kernel makes is modelled by a fence on either side.
struct relacy_atomics {
  static constexpr rl::memory_order relaxed = rl::mo_relaxed;
  static constexpr rl::memory_order acquire = rl::mo_acquire;
  static constexpr rl::memory_order release = rl::mo_release;
  static constexpr rl::memory_order acq_rel = rl::mo_acq_rel;

  template <class T>
  class atomic {
    using kept =
        typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>, std::type_identity<T>>::type;
    using stored = std::conditional_t<sizeof(kept) == 1, int, kept>;

   public:
    atomic(T v = {}) : in_(stored(v)) {}
    T load(rl::memory_order o) const { return T(in_.load(o, $)); }
    void store(T v, rl::memory_order o) { in_.store(stored(v), o, $); }
    T exchange(T v, rl::memory_order o) { return T(in_.exchange(stored(v), o, $)); }
    T fetch_add(T v, rl::memory_order o) { return in_.fetch_add(v, o, $); }
    T fetch_sub(T v, rl::memory_order o) { return in_.fetch_sub(v, o, $); }
    T fetch_or(T v, rl::memory_order o) { return in_.fetch_or(v, o, $); }
    T fetch_and(T v, rl::memory_order o) { return in_.fetch_and(v, o, $); }
    bool compare_exchange_weak(T& was, T v, rl::memory_order o, rl::memory_order failed) {
      return in_.compare_exchange_weak(was, v, o, $, failed, $);
    }
    bool compare_exchange_strong(T& was, T v, rl::memory_order o, rl::memory_order failed) {
      return in_.compare_exchange_strong(was, v, o, $, failed, $);
    }

   private:
    rl::atomic<stored> in_;
  };

  template <class T>
  static T check(atomic<T>& a) {
    rl::atomic_thread_fence(rl::mo_seq_cst, $);
    return a.load(acquire);
  }
  template <class T>
  static void announce(atomic<T>& a, T v) {
    a.exchange(v, acq_rel);
    rl::atomic_thread_fence(rl::mo_seq_cst, $);
  }
  template <class T>
  static void announce_add(atomic<T>& a, T n) {
    a.fetch_add(n, acq_rel);
    rl::atomic_thread_fence(rl::mo_seq_cst, $);
  }
};

/// A lock as the headers use it.
class relacy_mutex {
 public:
  void lock() { in_.lock($); }
  void unlock() { in_.unlock($); }

 private:
  rl::mutex in_;
};

/// Explores a model by that many schedules, drawn by chance. Answers whether it holds.
template <class Model>
bool holds(char const* what, rl::iteration_t schedules) {
  std::ostream nowhere(nullptr);
  rl::test_params how;
  how.iteration_count = schedules;
  how.execution_depth_limit = 10000;
  how.progress_stream = &nowhere;  // output goes to std::cout: Relacy has memory of its own by then
  if (!rl::simulate<Model>(how)) {
    std::cout << what << ": does not hold" << std::endl;
    return false;
  }
  std::cout << what << ": " << schedules << " schedules" << std::endl;
  return true;
}
