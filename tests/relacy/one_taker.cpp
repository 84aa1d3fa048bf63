// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/runtime/one_taker.hpp>

#include "model.hpp"

namespace {

using espalier::runtime::turn;

/// Two workers bring something to be taken, by themselves if they can, and take what was put if they are
/// submitted; a third thread only puts. One thread takes at a time, and nothing is left over. Who takes may
/// bring more within its turn, on the way and with the last, by the worker's way or by that of the others.
enum class more { none, by_worker, by_others };
template <more More>
struct taking : rl::test_suite<taking<More>, 3> {
  static constexpr int brought[] = {4, More == more::none ? 4 : 0, More == more::none ? 2 : 0};  // by thread
  static constexpr int total = brought[0] + brought[1] + brought[2] + (More == more::none ? 0 : 2);
  espalier::runtime::one_taker<relacy_mutex, relacy_atomics, 1> turns;
  rl::var<int> inbox;  // under the lock
  rl::var<int> taken;  // touched by the taker, like the next one
  rl::var<int> nested;
  rl::atomic<int> submitted;
  rl::atomic<int> done;

  void before() {
    inbox($) = taken($) = nested($) = 0;
    submitted.store(0, rl::mo_relaxed, $);
    done.store(0, rl::mo_relaxed, $);
  }
  void thread(unsigned which) {
    if (which == 2) {
      for (int i = 0; i != brought[2]; ++i) put();
      return;
    }
    for (int i = 0; i != brought[which]; ++i) tell(which);
    work(which);
  }

  void put() {
    if (turns.put([this] { inbox($) = inbox($) + 1; })) submit();
  }
  /// Answers whether it took that itself.
  bool tell(unsigned which) {
    const turn t = turns.begin(which + 1, [this] { inbox($) = inbox($) + 1; });
    if (t == turn::to_submit) submit();
    if (t != turn::mine) return false;
    take(which, 1);
    leave(which);
    return true;
  }
  void take(unsigned which, int n) {
    taken($) = taken($) + n;
    const bool brings = (nested($) == 0 && taken($) > 1) || (nested($) == 1 && taken($) == total - 1);
    if (More != more::none && brings) {
      nested($) = nested($) + 1;
      if (More == more::by_others) {
        put();
      } else {
        RL_ASSERT(!tell(which));
      }
    }
    if (taken($) == total) done.store(1, rl::mo_release, $);
  }
  void leave(unsigned which) {
    if (!turns.leave(which + 1, [this] { return inbox($) == 0; })) submit();
  }

  void submit() { submitted.fetch_add(1, rl::mo_acq_rel, $); }
  void work(unsigned which) {
    rl::linear_backoff wait;
    while (done.load(rl::mo_acquire, $) == 0) {
      int n = submitted.load(rl::mo_acquire, $);
      if (n == 0 || !submitted.compare_exchange_strong(n, n - 1, rl::mo_acq_rel, $)) {
        wait.yield($);
        continue;
      }
      RL_ASSERT(n == 1);
      int all = 0;
      turns.take_all(which + 1, [this, &all] {
        all = inbox($);
        inbox($) = 0;
      });
      RL_ASSERT(all != 0);
      take(which, all);
      leave(which);
    }
  }
  void after() { RL_ASSERT(taken($) == total && inbox($) == 0); }
};

/// What the owner brings within its turn is taken before what somebody else brings, or puts, who has seen
/// that it did. The taker knows that it takes, and nobody else believes to.
template <bool ByWorker>
struct order : rl::test_suite<order<ByWorker>, 3> {
  static constexpr int turns_before = 4;
  // Letters are counted by kind, all in one number.
  static constexpr int plain = 1;
  static constexpr int more = 100;
  static constexpr int later = 1000;
  espalier::runtime::one_taker<relacy_mutex, relacy_atomics, 1> turns;
  rl::var<int> inbox;  // under the lock
  rl::var<int> taken;  // touched by the taker
  rl::atomic<int> has_brought_more;
  rl::atomic<int> submitted;
  rl::atomic<int> done;

  void before() {
    inbox($) = taken($) = 0;
    for (auto* a : {&has_brought_more, &submitted, &done}) a->store(0, rl::mo_relaxed, $);
  }
  void thread(unsigned which) {
    if (which == 0) {
      for (int i = 0; i != turns_before; ++i) tell(which, plain);
    } else if (which == (ByWorker ? 1 : 2)) {
      rl::linear_backoff wait;
      while (has_brought_more.load(rl::mo_acquire, $) == 0) {
        if (!ByWorker || !run(which)) wait.yield($);
      }
      if (ByWorker) {
        tell(which, later);
      } else if (turns.put([this] { inbox($) = inbox($) + later; })) {
        submit();
      }
    }
    if (which == 2) return;
    rl::linear_backoff wait;
    while (done.load(rl::mo_acquire, $) == 0) {
      if (!run(which)) wait.yield($);
    }
  }
  turn tell(unsigned which, int what) {
    const turn t = turns.begin(which + 1, [&] { inbox($) = inbox($) + what; });
    if (t == turn::to_submit) submit();
    if (t == turn::mine) {
      take(which, what);
      leave(which);
    }
    return t;
  }
  void take(unsigned which, int what) {
    RL_ASSERT(turns.is_taking(which + 1) && !turns.is_taking(2 - which));
    const int before = taken($);
    const int all = before + what;
    taken($) = all;
    if (before < later && all >= later) RL_ASSERT(all % later >= more);
    if (before % more != turns_before && all % more == turns_before) {
      RL_ASSERT(tell(which, more) == turn::others);
      has_brought_more.store(1, rl::mo_release, $);
    }
    if (all == turns_before + more + later) done.store(1, rl::mo_release, $);
  }
  void leave(unsigned which) {
    if (!turns.leave(which + 1, [this] { return inbox($) == 0; })) submit();
    RL_ASSERT(!turns.is_taking(which + 1));
  }
  void submit() { submitted.fetch_add(1, rl::mo_acq_rel, $); }
  bool run(unsigned which) {
    int n = submitted.load(rl::mo_acquire, $);
    if (n == 0 || !submitted.compare_exchange_strong(n, n - 1, rl::mo_acq_rel, $)) return false;
    int all = 0;
    turns.take_all(which + 1, [&] {
      all = inbox($);
      inbox($) = 0;
    });
    take(which, all);
    leave(which);
    return true;
  }
};

}  // namespace

int main() {
  bool all = holds<taking<more::none>>("workers take by turns, and others put", 400000);
  all = holds<taking<more::by_worker>>("who takes brings more", 100000) && all;
  all = holds<taking<more::by_others>>("who takes puts more", 100000) && all;
  all = holds<order<true>>("another worker brings something after the owner", 100000) && all;
  all = holds<order<false>>("somebody puts something after the owner", 100000) && all;
  return all ? 0 : 1;
}
