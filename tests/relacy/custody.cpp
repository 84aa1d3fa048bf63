// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/process/custody.hpp>

#include "model.hpp"

namespace {

using espalier::runtime::whereabouts;

/// A worker goes in and out of the code of a process, and uses its context, while the supervisor tries to
/// leave the life behind. What belongs to the life is touched by one of them at a time, and never by the
/// worker once the supervisor has it.
struct claim_against_return : rl::test_suite<claim_against_return, 2> {
  espalier::runtime::custody<relacy_atomics> held;
  relacy_mutex lock;
  rl::var<int> place;

  void before() { place($) = 0; }

  bool is_lost() {
    lock.lock();
    const bool lost = held.is_claimed();
    lock.unlock();
    return lost;
  }

  void thread(unsigned which) {
    if (which == 0) {
      for (int i = 0; i != 2; ++i) {
        place($) = place($) + 1;
        held.enter();
        if (!held.leave(whereabouts::in_context) && is_lost()) return;  // a send that is refused
        place($) = place($) + 1;
        held.enter();
        if (!held.leave() && is_lost()) return;
        place($) = place($) + 1;
      }
    } else {
      for (int i = 0; i != 2; ++i) {
        lock.lock();
        const bool has_it = held.claim() == whereabouts::in_code;
        if (has_it) place($) = -1000;
        lock.unlock();
        if (has_it) return;
      }
    }
  }
};

/// The watchdog looks at what a process handles, for its report, and takes its claim back.
struct look_against_return : rl::test_suite<look_against_return, 2> {
  espalier::runtime::custody<relacy_atomics> held;
  relacy_mutex lock;
  rl::var<int> handled;

  void before() { handled($) = 0; }

  void thread(unsigned which) {
    if (which == 0) {
      for (int i = 0; i != 2; ++i) {
        held.enter();
        if (!held.leave()) {
          lock.lock();
          RL_ASSERT(!held.is_claimed());
          lock.unlock();
        }
        handled($) = handled($) + 1;
      }
    } else {
      lock.lock();
      if (held.claim() == whereabouts::in_code) {
        RL_ASSERT(handled($) < 2);
        held.unclaim();
      }
      lock.unlock();
    }
  }
};

}  // namespace

int main() {
  return holds<claim_against_return>("leaving behind meets a return", 50000) &&
                 holds<look_against_return>("a look meets a return", 50000)
             ? 0
             : 1;
}
