// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/atomics.hpp>

// Whose an incarnation is: its worker's, or its supervisor's if a function of it does not return
// (left_behind.hpp). The worker says where it is with plain stores, because it does so for each message; the
// supervisor pays.
//
//   1. The worker stores where it is, and then looks whether its life is claimed.
//   2. The supervisor, under the lock of the place, claims the life, and then looks where the worker is. If
//      it is in the code of the process, the claim stands; if not, the supervisor takes it back.
//   3. A worker that finds a claim takes the lock, and so waits for that decision. If the claim stands, the
//      life is not its any more. A claim that was taken back meanwhile it does not find, but comes after it.
//
// Why not both go on: at least one of them sees what the other has stored (atomics.hpp). If the worker saw no
// claim, the supervisor sees that the worker is not in the code.
namespace espalier::runtime {

enum class whereabouts : unsigned char { outside, in_code, in_context };

template <class Atomics = std_atomics>
class custody {
 public:
  // --- the worker

  /// Goes into the code of the process. Releases what the worker did before to a supervisor that claims the
  /// life.
  void enter() { where_.store(whereabouts::in_code, Atomics::release); }
  /// Leaves it, for good or to use its context. Answers false if the life is claimed: then `is_claimed`,
  /// asked under the lock, tells whether it is lost.
  [[nodiscard, gnu::always_inline]] bool leave(whereabouts to = whereabouts::outside) {
    where_.store(to, Atomics::release);
    return Atomics::check(claimed_) == 0;  // pairs with the announcement
  }

  // --- under the lock of the place

  bool is_claimed() const { return claimed_.load(Atomics::relaxed) != 0; }
  /// Answers where the worker is. If that is `in_code`, the life is the supervisor's from now on.
  whereabouts claim() {
    Atomics::announce(claimed_, std::uint8_t{1});  // pairs with the worker's check
    const whereabouts at = where_.load(Atomics::acquire);
    if (at != whereabouts::in_code) unclaim();
    return at;
  }
  /// What was looked at meanwhile comes before what the worker does next: pairs with its check.
  void unclaim() { claimed_.store(0, Atomics::release); }

 private:
  typename Atomics::template atomic<whereabouts> where_{whereabouts::outside};
  typename Atomics::template atomic<std::uint8_t> claimed_{0};
};

}  // namespace espalier::runtime
