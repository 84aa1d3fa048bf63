// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/atomics.hpp>

// What a worker runs next: the process that the running one has just woken, whose message is still in the
// cache. Only the owner puts and takes, with plain loads and stores. If it runs something long, somebody else
// may clear the slot out; that one pays.
//
//   1. The owner takes by storing null, and then looks whether there were claims since it looked last.
//   2. Who clears out does so under a lock: it counts its claim, and then loads the slot. What it finds is
//      its own.
//   3. An owner that finds a claim waits for that lock, and then asks whether what it took was cleared out.
//   4. An owner that puts into a full slot takes first. So while somebody clears out, the owner stores
//      nothing but null without the lock, and who clears out may store null, too.
//
// Why nothing is taken twice: at least one side sees what the other has stored (atomics.hpp). If the owner
// saw no claim, who clears out loads null. Claims are counted, and not taken back, because the owner may look
// late.
namespace espalier::runtime {

template <class T, class Mutex, class Atomics = std_atomics>
class next_slot {
 public:
  // --- the owner

  /// Answers what stood there before, or null.
  T* put(T& what) {
    T* const before = take();
    cleared_ = nullptr;                    // the slot is empty, so nobody else touches that
    slot_.store(&what, Atomics::release);  // to who clears out
    return before;
  }
  T* take() {
    T* const what = slot_.load(Atomics::acquire);  // from who cleared out, for `cleared_`
    if (what == nullptr) return nullptr;
    slot_.store(nullptr, Atomics::relaxed);
    if (Atomics::check(claims_) == seen_) return what;
    mutex_.lock();
    seen_ = claims_.load(Atomics::relaxed);
    const bool is_lost = cleared_ == what;
    mutex_.unlock();
    return is_lost ? nullptr : what;
  }

  // --- anybody

  bool is_empty() const { return slot_.load(Atomics::relaxed) == nullptr; }
  /// Null if there is nothing.
  T* clear_out() {
    mutex_.lock();
    Atomics::announce_add(claims_, std::uint32_t{1});
    T* const what = slot_.load(Atomics::acquire);
    if (what != nullptr) {
      cleared_ = what;
      slot_.store(nullptr, Atomics::release);
    }
    mutex_.unlock();
    return what;
  }

 private:
  typename Atomics::template atomic<T*> slot_{nullptr};
  typename Atomics::template atomic<std::uint32_t> claims_{0};
  std::uint32_t seen_ = 0;  // touched by the owner
  Mutex mutex_;
  T* cleared_ = nullptr;  // what the owner may believe to have taken
};

}  // namespace espalier::runtime
