// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <cstdint>
#include <espalier/process/atomics.hpp>
#include <mutex>
#include <utility>

// Whose turn it is to take what any thread puts somewhere: one thread's at a time. Putting is under a lock.
// Mostly one worker takes again and again, and nobody else comes; that one needs no lock.
//
//   1. `is_taken_`, under the lock, says that somebody takes, or is to. Who changes it to true takes, or has
//      somebody submitted who does. It becomes false when there is nothing left; so nothing is overlooked.
//   2. A worker that has had some turns, while nobody else came, becomes the owner. It begins a turn by
//      saying that it is in, and ends it by saying that it is out. After each it looks whether it still is
//      the owner, and if so needs nothing else: `is_taken_` remains false. What it puts itself meanwhile it
//      finds under the lock, before it says that it is out, and then it is not the owner any more.
//   3. Who else comes, and finds an owner under the lock, makes an end of that, and then looks whether it is
//      in. If it is not, all goes on as in 1. If it is, it is left to it: `is_taken_` is set in its name. It
//      finds that it is not the owner any more, and goes on under the lock as in 1.
//   4. There is no other owner until the former one has come to the lock: it may be about to say that it is
//      in. And each owner that is disturbed has the next one wait twice as long, because that may cost some
//      tens of microseconds.
//
// Why not both take: at least one sees what the other has stored (atomics.hpp). If the owner still was it
// when it had said that it is in, who disturbs it sees that; if that one does not, the owner does not begin.
//
// Memory orders: to be out releases what the owner did to who disturbs it; all else is under the lock.
namespace espalier::runtime {

/// What came of a wish to take.
enum class turn : unsigned char {
  mine,      // the caller takes now, and then leaves
  others,    // somebody else does, and will see what was put
  to_submit  // likewise, and the caller has that one submitted
};

/// `Wanted` is the number of turns that make a worker the owner, at first.
template <class Mutex, class Atomics = std_atomics, std::uint32_t Wanted = 1024>
class one_taker {
 public:
  using name = std::uintptr_t;  // of a thread

  /// A worker has something to be taken: by itself, if that can be. If not, `put` is called under the lock.
  template <class Put>
  [[nodiscard]] turn begin(name me, Put put) {
    bool backs_off = false;
    if (is_owner(me) && !is_in_.load(Atomics::relaxed)) {
      is_in_.store(true, Atomics::release);
      if (Atomics::check(owner_) == me) {  // pairs with `disturb`
        is_owners_ = true;
        taker_.store(me, Atomics::relaxed);
        return turn::mine;
      }
      is_in_.store(false, Atomics::release);
      backs_off = true;
    }
    std::lock_guard lock(mutex_);
    if (former_ == me) {
      former_ = 0;
      if (backs_off && std::exchange(is_left_, false)) {
        put();
        return turn::to_submit;
      }
    }
    if (is_owner(me)) {  // within its turn, at the end of which it looks
      is_more_ = true;
      put();
      return turn::others;
    }
    disturb();
    if (is_taken_) {
      put();
      turns_ = 0;
      return turn::others;
    }
    is_taken_ = true;
    become_taker(me);
    return turn::mine;
  }
  /// Ends such a turn, or one that `take_all` began. Answers false if `is_empty` does, asked under the lock:
  /// then the caller has somebody submitted.
  template <class IsEmpty>
  [[nodiscard]] bool leave(name me, IsEmpty is_empty) {
    taker_.store(0, Atomics::relaxed);
    std::unique_lock lock(mutex_, std::defer_lock);
    if (std::exchange(is_owners_, false)) {
      const bool is_more = std::exchange(is_more_, false);
      if (is_more) lock.lock();
      is_in_.store(false, Atomics::release);
      if (!is_more) {
        if (Atomics::check(owner_) == me) return true;  // pairs with `disturb`
        lock.lock();
      }
      if (former_ == me) former_ = 0;
      const bool is_left = std::exchange(is_left_, false);
      if (!is_left && !is_owner(me)) return true;  // who disturbed it sees to it
      owner_.store(0, Atomics::relaxed);
    } else {
      lock.lock();
    }
    return end_turn(me, is_empty);
  }

  /// Any thread: `put` is called under the lock. Answers whether the caller has somebody submitted.
  template <class Put>
  [[nodiscard]] bool put(Put put) {
    std::lock_guard lock(mutex_);
    disturb();
    put();
    turns_ = 0;
    return !std::exchange(is_taken_, true);
  }
  /// Who was submitted takes what there is: `take` is called under the lock. One of no name, 0, never becomes
  /// the owner.
  template <class Take>
  void take_all(name me, Take take) {
    std::lock_guard lock(mutex_);
    take();
    become_taker(me);
  }

  /// Whether the calling thread takes, of which that is the name.
  bool is_taking(name me) const { return taker_.load(Atomics::relaxed) == me; }
  /// Whether that one needs no lock.
  bool is_owner(name me) const { return owner_.load(Atomics::relaxed) == me; }

 private:
  static constexpr std::uint32_t most_wanted = 1U << 20;

  // --- under the lock

  void become_taker(name me) { taker_.store(me, Atomics::relaxed); }
  template <class IsEmpty>
  bool end_turn(name me, IsEmpty is_empty) {
    is_taken_ = !is_empty();
    if (is_taken_) return false;
    if (std::exchange(last_, me) != me) turns_ = 0;
    if (++turns_ >= wanted_ && former_ == 0) owner_.store(me, Atomics::relaxed);
    return true;
  }
  void disturb() {
    const name owner = owner_.load(Atomics::relaxed);
    if (owner == 0) return;
    former_ = owner;
    wanted_ = std::min(2 * wanted_, most_wanted);
    turns_ = 0;
    Atomics::announce(owner_, name{0});                              // pairs with the owner's checks
    if (is_in_.load(Atomics::acquire)) is_taken_ = is_left_ = true;  // what it did comes before, if it is out
  }

  typename Atomics::template atomic<name> owner_{0};      // written under the lock
  typename Atomics::template atomic<bool> is_in_{false};  // written by the owner, or the former one
  typename Atomics::template atomic<name> taker_{0};
  // Touched by the taker.
  bool is_owners_ = false;  // the turn
  bool is_more_ = false;    // has been put by the owner in its turn
  // Under the lock.
  Mutex mutex_;
  bool is_taken_ = false;
  bool is_left_ = false;           // to the former owner
  name former_ = 0;                // owner, which has not come since
  name last_ = 0;                  // that had a turn
  std::uint32_t turns_ = 0;        // that it had, while nobody else came
  std::uint32_t wanted_ = Wanted;  // of them
};

}  // namespace espalier::runtime
