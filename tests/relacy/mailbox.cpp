// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/runtime/mailbox.hpp>

#include "model.hpp"

namespace {

struct alignas(16) letter {
  letter* next = nullptr;
  rl::var<int> content;
};
using box = espalier::runtime::mailbox<letter, relacy_atomics>;
using espalier::runtime::pushed;

/// Workers that run a process whenever it is submitted.
struct workers {
  rl::atomic<int> submitted;
  rl::atomic<int> done;

  void reset() {
    submitted.store(0, rl::mo_relaxed, $);
    done.store(0, rl::mo_relaxed, $);
  }
  void submit() { submitted.fetch_add(1, rl::mo_acq_rel, $); }
  void end() { done.store(1, rl::mo_release, $); }
  /// One of them, until the end.
  template <class Run>
  void work(Run run) {
    rl::linear_backoff wait;
    while (done.load(rl::mo_acquire, $) == 0) {
      int n = submitted.load(rl::mo_acquire, $);
      if (n == 0 || !submitted.compare_exchange_strong(n, n - 1, rl::mo_acq_rel, $)) {
        wait.yield($);
        continue;
      }
      run();
    }
  }
};

/// Two senders, and two workers. One life of the process is handed over to the next on the way. Each letter
/// is taken once; those of one sender keep their order; no two workers run the process at a time; and it does
/// not rest while it has mail.
struct hand_over : rl::test_suite<hand_over, 4> {
  static constexpr int each = 2;
  box mail;
  letter letters[2][each];
  workers all;
  rl::var<int> taken;    // touched by whoever runs the process
  rl::var<int> last[2];  // by sender
  rl::var<int> lives;

  void before() {
    all.reset();
    taken($) = 0;
    lives($) = 1;
    last[0]($) = last[1]($) = 0;
    mail.open();
  }

  void thread(unsigned which) {
    if (which < 2) {
      for (int i = 0; i != each; ++i) {
        letter& l = letters[which][i];
        l.content($) = static_cast<int>(which) * 10 + i + 1;
        const pushed what = mail.push(l, true);
        RL_ASSERT(what != pushed::refused);
        if (what == pushed::wakes) all.submit();
      }
      return;
    }
    all.work([this] { run(); });
  }

  void run() {
    for (;;) {
      handle(mail.take());
      if (taken($) >= 1 && lives($) == 1) {
        // The life ends. What it was sent is lost with it; the process that follows takes the rest.
        handle(mail.close());
        lives($) = 2;
        mail.open();
      }
      if (taken($) == 2 * each) all.end();
      if (mail.rest()) return;
    }
  }
  void handle(letter* newest) {
    letter* oldest = nullptr;
    while (newest != nullptr) {
      letter* const l = newest;
      newest = l->next;
      l->next = oldest;
      oldest = l;
    }
    for (; oldest != nullptr; oldest = oldest->next) {
      const int content = oldest->content($);
      const int from = content / 10;
      RL_ASSERT(last[from]($) + 1 == content % 10);
      last[from]($) = content % 10;
      taken($) = taken($) + 1;
    }
  }
  void after() {
    RL_ASSERT(taken($) == 2 * each);
    RL_ASSERT(mail.is_empty());
  }
};

/// The only letter is handled where it is, and its sender sends the same one again as soon as it is free.
/// Each is handled once, those of one sender in their order, and what comes meanwhile is not overlooked. The
/// first life ends while it handles one there.
struct handled_in_place : rl::test_suite<handled_in_place, 4> {
  static constexpr int each = 2;
  box mail;
  letter letters[2];
  rl::atomic<int> in_use[2];
  workers all;
  rl::var<int> taken;  // touched by whoever runs the process
  rl::var<int> last[2];
  rl::var<int> lives;

  void before() {
    all.reset();
    taken($) = last[0]($) = last[1]($) = 0;
    lives($) = 1;
    in_use[0].store(0, rl::mo_relaxed, $);
    in_use[1].store(0, rl::mo_relaxed, $);
    mail.open();
  }
  void thread(unsigned which) {
    if (which >= 2) return all.work([this] { run(); });
    letter& l = letters[which];
    for (int i = 0; i != each; ++i) {
      rl::linear_backoff wait;
      while (in_use[which].load(rl::mo_acquire, $) != 0) wait.yield($);
      in_use[which].store(1, rl::mo_relaxed, $);
      l.content($) = static_cast<int>(which) * 10 + i + 1;
      if (mail.push(l, true) == pushed::wakes) all.submit();
    }
  }
  void run() {
    for (;;) {
      if (letter* const only = mail.only()) {
        handle(*only);
        const bool ends = lives($) == 1;
        if (ends) {
          handle_until(only, mail.close());
          lives($) = 2;
          mail.open();
        }
        const bool was_last = taken($) == 2 * each;
        const bool rests = !ends && mail.rest_behind(*only);
        if (!rests && !ends) handle_until(only, mail.take());
        give_back(*only);
        if (was_last) all.end();
        if (rests) return;
      }
      handle_until(nullptr, mail.take());
      if (taken($) == 2 * each) all.end();
      if (mail.rest()) return;
    }
  }
  void handle_until(letter* end, letter* newest) {
    letter* oldest = nullptr;
    while (newest != end) {
      letter* const l = newest;
      newest = l->next;
      l->next = oldest;
      oldest = l;
    }
    while (oldest != nullptr) {
      letter* const l = oldest;
      oldest = l->next;
      handle(*l);
      give_back(*l);
    }
  }
  void handle(letter& l) {
    const int content = l.content($);
    const int from = content / 10;
    RL_ASSERT(last[from]($) + 1 == content % 10);
    last[from]($) = content % 10;
    taken($) = taken($) + 1;
  }
  void give_back(letter& l) { in_use[&l - letters].store(0, rl::mo_release, $); }
  void after() { RL_ASSERT(taken($) == 2 * each && mail.is_empty()); }
};

/// Writes something down for whoever runs the process. Answers whether the caller is to submit it.
[[nodiscard]] bool write_down(box& mail, relacy_mutex& lock, rl::var<int>& what, bool unparks = false) {
  lock.lock();
  what($) = 1;
  const bool wakes = mail.attend(unparks);
  lock.unlock();
  return wakes;
}

/// A stop meets a message: whoever runs the process sees both, whichever comes first, and no worker is needed
/// twice at once.
struct stop_against_send : rl::test_suite<stop_against_send, 4> {
  box mail;
  letter one;
  relacy_mutex lock;
  rl::var<int> stop_asked;  // under the lock
  workers all;
  rl::var<int> has_mail;  // touched by whoever runs the process, as the next one
  rl::var<int> stopped;

  void before() {
    all.reset();
    stop_asked($) = has_mail($) = stopped($) = 0;
    mail.open();
  }
  void thread(unsigned which) {
    if (which == 0) {
      one.content($) = 1;
      if (mail.push(one, true) == pushed::wakes) all.submit();
    } else if (which == 1) {
      if (write_down(mail, lock, stop_asked)) all.submit();
    } else {
      all.work([this] { run(); });
    }
  }
  void run() {
    do {
      if (mail.has_attention()) {
        lock.lock();
        mail.attended();
        if (stop_asked($) != 0) stopped($) = 1;
        lock.unlock();
      }
      if (letter* const l = mail.take()) has_mail($) = l->content($);
      if (has_mail($) != 0 && stopped($) != 0) all.end();
    } while (!mail.rest());
  }
};

/// A process is parked while somebody sends: the letter is refused, or it is among what had waited.
struct park_against_send : rl::test_suite<park_against_send, 2> {
  box mail;
  letter one;
  rl::atomic<int> refused;
  letter* waited = nullptr;

  void before() { refused.store(0, rl::mo_relaxed, $); }
  void thread(unsigned which) {
    if (which == 0) {
      one.content($) = 1;
      if (mail.push(one, true) == pushed::refused) refused.store(1, rl::mo_relaxed, $);
    } else {
      waited = mail.park();
      if (waited != nullptr) RL_ASSERT(waited->content($) == 1);
    }
  }
  void after() { RL_ASSERT((waited != nullptr) != (refused.load(rl::mo_relaxed, $) == 1)); }
};

/// A parked process is held, and started there and then or handed on to a worker for that, while somebody
/// sends and somebody else has something to ask: the letter is refused, or the new incarnation takes it; the
/// question is looked at; and nobody runs the process while it is held.
template <bool IsAtOnce>
struct held_start : rl::test_suite<held_start<IsAtOnce>, 5> {
  box mail;
  letter one;
  relacy_mutex lock;
  rl::var<int> asked;        // under the lock, like the next one
  rl::var<int> start_asked;  // if it cannot be held
  rl::var<int> is_to_start;  // touched by whoever runs the process, or holds it, like the next ones
  rl::var<int> is_up;
  rl::var<int> letters;  // that wait
  workers all;
  rl::atomic<int> has_ended;  // the start, the question, and what became of the letter

  void before() {
    all.reset();
    asked($) = start_asked($) = is_to_start($) = is_up($) = letters($) = 0;
    has_ended.store(0, rl::mo_relaxed, $);
    mail.park();
  }
  void thread(unsigned which) {
    if (which == 0) {
      one.content($) = 1;
      const pushed what = mail.push(one, true);
      if (what == pushed::refused) end_one();
      if (what == pushed::wakes) all.submit();
    } else if (which == 1) {
      if (write_down(mail, lock, asked)) all.submit();
    } else if (which == 2) {
      start();
    } else {
      all.work([this] { run(); });
    }
  }
  void start() {
    if (!mail.hold()) {
      if (write_down(mail, lock, start_asked, true)) all.submit();
    } else if (IsAtOnce) {
      is_up($) = 1;
      end_one();
      if (!mail.open_and_rest()) all.submit();
    } else {
      is_to_start($) = 1;
      all.submit();
    }
  }
  void run() {
    do {
      bool starts = is_to_start($) != 0;
      is_to_start($) = 0;
      if (!starts && mail.has_attention()) {
        lock.lock();
        mail.attended();
        const bool was_asked = asked($) != 0;
        starts = start_asked($) != 0;
        asked($) = start_asked($) = 0;
        lock.unlock();
        if (was_asked) end_one();
      }
      if (starts) {
        RL_ASSERT(is_up($) == 0);
        is_up($) = 1;
        mail.open();
        end_one();
      }
      if (letter* const l = mail.take()) letters($) = l->content($);
      if (letters($) != 0 && is_up($) == 1) {
        letters($) = 0;
        end_one();
      }
    } while (!mail.rest());
  }
  void end_one() {
    if (has_ended.fetch_add(1, rl::mo_acq_rel, $) == 2) all.end();
  }
  void after() { RL_ASSERT(!mail.is_parked() && mail.is_empty()); }
};

/// A parked process is started while somebody sends: the letter is refused, or the new incarnation takes it.
/// Whoever runs the process sees the start, once.
struct start_against_send : rl::test_suite<start_against_send, 4> {
  box mail;
  letter one;
  rl::var<int> start_asked;
  workers all;
  rl::var<int> is_up;         // touched by whoever runs the process
  rl::atomic<int> has_ended;  // the start, and what became of the letter

  void before() {
    all.reset();
    start_asked($) = is_up($) = 0;
    has_ended.store(0, rl::mo_relaxed, $);
    mail.park();
  }
  void thread(unsigned which) {
    if (which == 0) {
      one.content($) = 1;
      const pushed what = mail.push(one, true);
      if (what == pushed::refused) end_one();
      if (what == pushed::wakes) all.submit();
    } else if (which == 1) {
      start_asked($) = 1;
      if (mail.attend(true)) all.submit();
    } else {
      all.work([this] { run(); });
    }
  }
  void run() {
    do {
      if (mail.has_attention()) {
        mail.attended();
        RL_ASSERT(start_asked($) == 1 && is_up($) == 0);
        is_up($) = 1;
        mail.open();
        end_one();
      }
      if (letter* const l = mail.take()) {
        RL_ASSERT(l->content($) == 1 && is_up($) == 1);
        end_one();
      }
    } while (!mail.rest());
  }
  void end_one() {
    if (has_ended.fetch_add(1, rl::mo_acq_rel, $) == 1) all.end();
  }
  void after() { RL_ASSERT(!mail.is_parked() && mail.is_empty()); }
};

/// A process at rest is ended by its supervisor, who holds it meanwhile, while somebody sends and somebody
/// else has something to ask: the letter is handled before, or the supervisor finds it, or it waits for the
/// next incarnation; the question is looked at; and nobody runs the process while it is held.
/// It may rest by the same CAS.
template <bool Rests>
struct end_at_once : rl::test_suite<end_at_once<Rests>, 5> {
  box mail;
  letter one;
  relacy_mutex lock;
  rl::var<int> asked;       // under the lock, like the next one
  rl::var<int> stop_asked;  // if it is not at rest
  rl::var<int> is_up;       // touched by whoever runs the process, or holds it
  rl::atomic<int> found;    // the letter: 1 handled, 2 by who ends the life
  workers all;
  rl::atomic<int> has_ended;  // the sending, the stop and the question

  void before() {
    all.reset();
    asked($) = stop_asked($) = 0;
    is_up($) = 1;
    found.store(0, rl::mo_relaxed, $);
    has_ended.store(0, rl::mo_relaxed, $);
    mail.open();
  }
  void thread(unsigned which) {
    if (which == 0) {
      one.content($) = 1;
      if (mail.push(one, true) == pushed::wakes) all.submit();
      end_one();
    } else if (which == 1) {
      if (write_down(mail, lock, asked)) all.submit();
    } else if (which == 2) {
      if (mail.hold_at_rest()) {
        const int was_up = is_up($);
        is_up($) = 0;
        if (Rests && mail.close_and_rest(nullptr, false)) return end_one();
        is_up($) = was_up;
        end_life();
        if (!mail.rest()) all.submit();
        return;
      }
      if (write_down(mail, lock, stop_asked)) all.submit();
    } else {
      all.work([this] { run(); });
    }
  }
  void end_life() {
    RL_ASSERT(is_up($) == 1);
    is_up($) = 0;
    if (mail.close() != nullptr) found.store(2, rl::mo_relaxed, $);
    end_one();
  }
  void run() {
    do {
      if (mail.has_attention()) {
        lock.lock();
        mail.attended();
        const bool was_asked = asked($) != 0;
        const bool stops = stop_asked($) != 0;
        asked($) = stop_asked($) = 0;
        lock.unlock();
        if (stops) end_life();
        if (was_asked) end_one();
      }
      if (is_up($) == 1 && mail.take() != nullptr) found.store(1, rl::mo_relaxed, $);
    } while (!mail.rest());
  }
  void end_one() {
    if (has_ended.fetch_add(1, rl::mo_acq_rel, $) == 2) all.end();
  }
  void after() {
    RL_ASSERT(!mail.is_alive() && is_up($) == 0);
    RL_ASSERT(mail.is_empty() == (found.load(rl::mo_relaxed, $) != 0));
  }
};

/// A place is given to another child while somebody comes to watch the one that has gone: who asks the
/// mailbox first, and then whose it is, does not watch the other one.
struct watch_against_start : rl::test_suite<watch_against_start, 2> {
  box mail;
  rl::atomic<int> generation;

  void before() {
    generation.store(1, rl::mo_relaxed, $);
    mail.park();
  }
  void thread(unsigned which) {
    if (which == 0) {
      const bool is_gone = mail.is_parked() || generation.load(rl::mo_relaxed, $) != 1;
      RL_ASSERT(is_gone);
    } else {
      generation.store(2, rl::mo_relaxed, $);
      RL_ASSERT(mail.hold());
      RL_ASSERT(mail.open_and_rest());
    }
  }
};

/// A child ends while it handles its only message where it is, and its place is parked by the same CAS; the
/// supervisor gives that to another child, by a store if nobody has the process. Meanwhile somebody sends two
/// messages, and somebody asks something, under the lock and of a child that is there. Each message is
/// handled or refused, the question is looked at, and who starts a child, or runs one, has the process for
/// itself.
struct next_child : rl::test_suite<next_child, 5> {
  box mail;
  letter letters[2];
  relacy_mutex lock;
  rl::var<int> asked;        // under the lock, like the next one
  rl::var<int> start_asked;  // if it has to be asked for
  rl::var<int> child;        // touched by who has the process; 0: none
  rl::atomic<int> told;      // the supervisor, of the end
  workers all;
  rl::atomic<int> has_ended;  // two messages, the question and the start

  void before() {
    all.reset();
    asked($) = start_asked($) = 0;
    child($) = 1;
    told.store(0, rl::mo_relaxed, $);
    has_ended.store(0, rl::mo_relaxed, $);
    mail.open();
  }
  void thread(unsigned which) {
    if (which == 0) {
      for (letter& l : letters) {
        l.content($) = 1;
        const pushed what = mail.push(l, true);
        if (what == pushed::refused) end_one();
        if (what == pushed::wakes) all.submit();
      }
    } else if (which == 1) {
      lock.lock();
      const bool is_there = !mail.is_parked();
      if (is_there) asked($) = 1;
      const bool wakes = is_there && mail.attend();
      lock.unlock();
      if (wakes) all.submit();
      if (!is_there) end_one();
    } else if (which == 2) {
      start_next();
    } else {
      all.work([this] { run(); });
    }
  }
  void start_next() {
    rl::linear_backoff wait;
    while (told.load(rl::mo_acquire, $) == 0) wait.yield($);
    if (!mail.is_only_parked()) {
      if (write_down(mail, lock, start_asked, true)) all.submit();
      return;
    }
    RL_ASSERT(child($) == 0);
    child($) = 2;
    mail.open_parked();
    end_one();
  }
  void run() {
    do {
      if (mail.has_attention()) look();
      letter* const only = child($) == 1 ? mail.only() : nullptr;
      if (only != nullptr) {
        RL_ASSERT(only->content($) == 1);
        child($) = 0;
        lock.lock();
        const bool rests = mail.close_and_rest(only, true);
        lock.unlock();
        if (rests) {
          end_one();
          told.store(1, rl::mo_release, $);
          return;
        }
        end_child();
      } else if (child($) == 1 && !mail.is_empty()) {
        end_child();
      } else if (child($) == 2) {
        count(mail.take());
      }
    } while (!mail.rest());
  }
  void look() {
    lock.lock();
    mail.attended();
    const bool was_asked = asked($) != 0;
    const bool starts = start_asked($) != 0;
    asked($) = start_asked($) = 0;
    lock.unlock();
    if (was_asked) end_one();
    if (!starts) return;
    RL_ASSERT(child($) == 0);
    child($) = 2;
    mail.open();
    end_one();
  }
  void end_child() {
    child($) = 0;
    lock.lock();
    letter* const rest = mail.park();
    lock.unlock();
    count(rest);
    told.store(1, rl::mo_release, $);
  }
  void count(letter* newest) {
    for (; newest != nullptr; newest = newest->next) end_one();
  }
  void end_one() {
    if (has_ended.fetch_add(1, rl::mo_acq_rel, $) == 3) all.end();
  }
  void after() { RL_ASSERT(!mail.is_parked() && mail.is_empty() && child($) == 2); }
};

}  // namespace

int main() {
  bool all = holds<hand_over>("messages meet the end of a life", 20000);
  all = holds<handled_in_place>("the only message is handled where it is", 20000) && all;
  all = holds<stop_against_send>("a stop meets a message", 20000) && all;
  all = holds<park_against_send>("parking meets a message", 20000) && all;
  all = holds<held_start<true>>("a start at once meets a message and a question", 50000) && all;
  all = holds<held_start<false>>("a start by a worker meets a message and a question", 50000) && all;
  all = holds<end_at_once<false>>("an end at once meets a message and a question", 50000) && all;
  all = holds<end_at_once<true>>("an end and rest meets a message and a question", 50000) && all;
  all = holds<next_child>("a place goes to another child", 100000) && all;
  all = holds<watch_against_start>("a watch meets the start of another child", 20000) && all;
  all = holds<start_against_send>("a start meets a message", 20000) && all;
  return all ? 0 : 1;
}
