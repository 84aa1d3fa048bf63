// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/work_ring.hpp>

#include "model.hpp"

namespace {

struct job {
  rl::var<int> runs;
};
/// Nothing is sent here; see in_a_row.cpp.
struct alignas(16) letter {
  letter* next = nullptr;
};

/// The owner pushes more than fits and takes, while two others steal. Each job is run once, and by one.
struct steal_against_pop : rl::test_suite<steal_against_pop, 3> {
  static constexpr int count = 5;
  espalier::runtime::work_ring<job, 2, relacy_atomics> ring;
  job jobs[count];

  void before() {
    for (job& j : jobs) j.runs($) = 0;
  }
  static void run(job& j) { j.runs($) = j.runs($) + 1; }

  void thread(unsigned which) {
    if (which == 0) {
      for (job& j : jobs) {
        if (!ring.push(j)) run(j);
        if (&j == &jobs[2]) {
          if (job* const first = ring.pop()) run(*first);
        }
      }
      while (job* const j = ring.pop()) run(*j);
    } else {
      for (int i = 0; i != 2; ++i) ring.steal(&run);
    }
  }
  void after() {
    for (job& j : jobs) RL_ASSERT(j.runs($) == 1);
    RL_ASSERT(ring.is_empty());
  }
};

/// The owner puts and takes, also the same job again, while somebody clears the slot out twice. Each put
/// leads to one run.
struct take_against_clearing : rl::test_suite<take_against_clearing, 2> {
  espalier::runtime::next_slot<job, letter, relacy_mutex, relacy_atomics> slot;
  job one;
  job two;
  rl::atomic<int> elsewhere;  // runs of `one` by the other thread

  void before() {
    one.runs($) = two.runs($) = 0;
    elsewhere.store(0, rl::mo_relaxed, $);
  }
  static void run(job* j) {
    if (j != nullptr) j->runs($) = j->runs($) + 1;
  }
  void thread(unsigned which) {
    if (which == 0) {
      run(slot.put(one));
      run(slot.put(two));
      run(slot.take());
      // Put again only after it has run; if not here, the other thread says so.
      rl::linear_backoff wait;
      for (int i = 0; i != 3 && elsewhere.load(rl::mo_acquire, $) == 0; ++i) wait.yield($);
      if (elsewhere.load(rl::mo_acquire, $) != 0) {
        slot.put(one);
        run(slot.take());
      }
    } else {
      for (int i = 0; i != 2; ++i) {
        job* const found = slot.clear_out();
        run(found);
        if (found == &one) elsewhere.store(1, rl::mo_release, $);
      }
    }
  }
  void after() {
    RL_ASSERT(slot.is_empty());
    RL_ASSERT(one.runs($) == 1 || one.runs($) == 2);
    RL_ASSERT(two.runs($) == 1);
  }
};

}  // namespace

int main() {
  bool all = holds<steal_against_pop>("stealing meets the owner", 20000);
  all = holds<take_against_clearing>("clearing the slot out meets the owner", 20000) && all;
  return all ? 0 : 1;
}
