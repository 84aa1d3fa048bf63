// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/parking.hpp>
#include <espalier/runtime/work_ring.hpp>

#include "model.hpp"

// The slot, the ring and the counts put together as the pool does it, where one thing alone cannot go wrong.

namespace {

struct job {
  rl::var<int> runs;
};
/// Nothing is sent here; see in_a_row.cpp.
struct alignas(16) letter {
  letter* next = nullptr;
};

/// Workers that sleep, and are woken.
struct sleepers {
  espalier::runtime::parking<relacy_atomics> counts;
  rl::mutex idle;
  rl::condition_variable signal;
  rl::var<int> asleep;  // under `idle`, as the next ones
  rl::var<int> woken;
  rl::var<int> is_ending;

  void reset() { asleep($) = woken($) = is_ending($) = 0; }
  void wake() {
    idle.lock($);
    if (asleep($) > woken($)) {
      woken($) = woken($) + 1;
      counts.woken();
      signal.notify_one($);
    }
    idle.unlock($);
  }
  void end() {
    idle.lock($);
    is_ending($) = 1;
    signal.notify_all($);
    idle.unlock($);
  }
  /// Answers false at the end.
  template <class IsEmpty>
  bool rest(bool& searching, IsEmpty is_empty) {
    idle.lock($);
    if (is_ending($) != 0) {
      idle.unlock($);
      return false;
    }
    counts.begin_rest();
    const bool has_work = !is_empty();
    if (!has_work) {
      asleep($) = asleep($) + 1;
      while (woken($) == 0 && is_ending($) == 0) signal.wait(idle, $);
      asleep($) = asleep($) - 1;
      if (woken($) != 0) {
        woken($) = woken($) - 1;
        searching = true;
      }
    }
    counts.end_rest();
    const bool goes_on = is_ending($) == 0;
    idle.unlock($);
    if (has_work) {
      counts.woken();
      searching = true;
    }
    return goes_on;
  }
};

/// A worker queues two jobs and then runs something long, so two others have to take one each: a job ends
/// only once both have begun. Nobody sleeps while one is queued, although the other is busy.
struct jobs_that_wait_for_each_other : rl::test_suite<jobs_that_wait_for_each_other, 3> {
  espalier::runtime::work_ring<job, 2, relacy_atomics> ring;
  job jobs[2];
  sleepers others;
  rl::mutex meeting;
  rl::condition_variable all_there;
  rl::var<int> there;

  void before() {
    others.reset();
    there($) = 0;
    for (job& j : jobs) j.runs($) = 0;
  }
  void run(job& j) {
    j.runs($) = j.runs($) + 1;
    meeting.lock($);
    there($) = there($) + 1;
    all_there.notify_all($);
    while (there($) != 2) all_there.wait(meeting, $);
    meeting.unlock($);
  }

  void thread(unsigned which) {
    if (which == 0) {
      for (job& j : jobs) {
        static_cast<void>(ring.push(j));
        if (others.counts.needs_wake()) others.wake();
      }
      return;
    }
    bool searching = false;
    for (;;) {
      if (!searching) searching = others.counts.begin_search(1);
      job* mine = nullptr;
      ring.steal([&](job& j) { mine = &j; });
      if (mine != nullptr) {
        if (searching && others.counts.end_search_with_work() && !ring.is_empty() &&
            others.counts.needs_wake()) {
          others.wake();
        }
        return run(*mine);
      }
      if (searching) others.counts.end_search();
      searching = false;
      others.rest(searching, [&] { return ring.is_empty(); });
    }
  }
  void after() {
    for (job& j : jobs) RL_ASSERT(j.runs($) == 1);
  }
};

/// A job is queued while two workers go to sleep, and then the pool ends. All threads end; the job has run at
/// most once.
struct end_against_rest : rl::test_suite<end_against_rest, 3> {
  espalier::runtime::work_ring<job, 2, relacy_atomics> ring;
  job only;
  sleepers all;

  void before() {
    all.reset();
    only.runs($) = 0;
  }
  void thread(unsigned which) {
    if (which == 0) {
      static_cast<void>(ring.push(only));
      if (all.counts.needs_wake()) all.wake();
      return all.end();
    }
    bool searching = false;
    do {
      if (!searching) searching = all.counts.begin_search(1);
      ring.steal([](job& j) { j.runs($) = j.runs($) + 1; });
      if (searching) all.counts.end_search();
      searching = false;
    } while (all.rest(searching, [&] { return ring.is_empty(); }));
  }
  void after() { RL_ASSERT(only.runs($) <= 1); }
};

/// The seat of a thread is given away while it submits from a function that never returns. Nothing stays in
/// its slot or its ring, and nothing comes out twice.
struct submit_against_loss : rl::test_suite<submit_against_loss, 2> {
  static constexpr int count = 3;
  espalier::runtime::next_slot<job, letter, relacy_mutex, relacy_atomics> slot;
  espalier::runtime::work_ring<job, 2, relacy_atomics> ring;
  relacy_atomics::atomic<unsigned> is_lost;
  job jobs[count];

  void before() {
    is_lost.store(0, rl::mo_relaxed);
    for (job& j : jobs) j.runs($) = 0;
  }
  static void share(job& j) { j.runs($) = j.runs($) + 1; }
  void give_away() {
    if (job* const j = slot.clear_out()) share(*j);
    while (ring.steal(&share) != 0) {
    }
  }
  void queue(job& j) {
    if (!ring.push(j)) share(j);
  }
  void give_away_if_lost() {
    if (relacy_atomics::check(is_lost) != 0) give_away();
  }

  void thread(unsigned which) {
    if (which == 0) {
      queue(jobs[0]);  // as from the slot, after too many turns from there
      give_away_if_lost();
      for (int i = 1; i != count; ++i) {
        if (job* const displaced = slot.put(jobs[i])) queue(*displaced);
        give_away_if_lost();
      }
    } else {
      relacy_atomics::announce(is_lost, 1U);
      give_away();
    }
  }
  void after() {
    for (job& j : jobs) RL_ASSERT(j.runs($) == 1);
  }
};

}  // namespace

int main() {
  bool all = holds<jobs_that_wait_for_each_other>("queueing meets a worker that stops searching", 20000);
  all = holds<end_against_rest>("the end meets workers that go to sleep", 20000) && all;
  all = holds<submit_against_loss>("the loss of a seat meets what its thread submits", 20000) && all;
  return all ? 0 : 1;
}
