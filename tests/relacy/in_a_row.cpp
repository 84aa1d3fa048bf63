// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#include <espalier/runtime/next_slot.hpp>

#include "model.hpp"

// Messages in a row: the slot and the mailbox of the process in it, put together as the pool does it.

namespace {

struct letter;
/// A `next` of which Relacy sees who touches it when.
class next_letter {
 public:
  next_letter& operator=(letter* to) {
    to_($) = to;
    return *this;
  }
  operator letter*() const { return to_($); }

 private:
  rl::var<letter*> to_;
};
struct alignas(16) letter {
  next_letter next;
  rl::var<int> content;  // 10 times the sender, and the place in its order
};
constexpr int knowing = 100;  // added to the content by who knows what was asked of the process

using espalier::runtime::in_row;
using espalier::runtime::pushed;

/// Whoever runs it looks at what was asked, and takes what is there. Each letter is to come once, and those
/// of one sender in their order.
struct process {
  espalier::runtime::mailbox<letter, relacy_atomics> mail;
  relacy_mutex lock;
  rl::var<int> asked;   // under the lock
  rl::var<int> looked;  // touched by whoever runs it, like the next ones
  rl::var<int> taken;
  rl::var<int> last[2];  // by sender

  void reset() {
    asked($) = looked($) = taken($) = last[0]($) = last[1]($) = 0;
    mail.open();
  }
  void run() {
    do {
      letter* newest = mail.take();
      if (mail.has_attention()) look();  // it may be about what was just taken
      letter* oldest = nullptr;
      while (newest != nullptr) {
        letter* const l = newest;
        newest = l->next;
        l->next = oldest;
        oldest = l;
      }
      for (; oldest != nullptr; oldest = oldest->next) handle(oldest->content($));
    } while (!mail.rest());
  }
  void look() {
    lock.lock();
    mail.attended();
    if (asked($) != 0) looked($) = 1;
    lock.unlock();
  }
  void handle(int content) {
    if (content >= knowing) {
      RL_ASSERT(looked($) == 1);
      content -= knowing;
    }
    const int from = content / 10;
    RL_ASSERT(last[from]($) + 1 == content % 10);
    last[from]($) = content % 10;
    taken($) = taken($) + 1;
  }
};

/// A worker, whose slot others clear out.
struct worker {
  espalier::runtime::next_slot<process, letter, relacy_mutex, relacy_atomics> slot;

  /// By its owner. Answers what has to make room for the receiver.
  process* send(process& to, letter& l, int content) {
    l.content($) = content;
    const in_row kept = slot.keep(to, to.mail, l);
    if (kept == in_row::yes || (kept == in_row::perhaps && slot.was_kept(to, l))) return nullptr;
    return to.mail.push(l, true) == pushed::wakes ? slot.put(to) : nullptr;
  }
  void run_next() {
    if (process* const p = slot.take()) p->run();
  }
  void clear_out() {
    if (process* const p = slot.clear_out()) p->run();
  }
};
/// By another worker, which runs at once what it has woken.
void send_elsewhere(process& to, letter& l, int content) {
  l.content($) = content;
  if (to.mail.push(l, true) == pushed::wakes) to.run();
}

/// A worker sends in a row to the process in its slot, while that is cleared out and run elsewhere, and sent
/// to from there, too. Afterwards it may stand in the slot again.
struct row_against_clearing : rl::test_suite<row_against_clearing, 3> {
  static constexpr int count = 4;
  process receiver;
  worker owner;
  letter letters[count];
  letter of_another;

  void before() {
    receiver.reset();
    owner.send(receiver, letters[0], 1);
  }
  void thread(unsigned which) {
    if (which == 0) {
      for (int i = 1; i != count; ++i) owner.send(receiver, letters[i], i + 1);
      owner.run_next();
    } else if (which == 1) {
      owner.clear_out();
      owner.clear_out();
    } else {
      send_elsewhere(receiver, of_another, 11);
    }
  }
  void after() {
    RL_ASSERT(receiver.taken($) == count + 1);
    RL_ASSERT(receiver.mail.is_empty() && owner.slot.is_empty());
  }
};

/// A sender goes on elsewhere after its first letter in a row, and then comes back to the worker, whose slot
/// may be cleared out meanwhile. What it sends keeps its order.
struct row_of_one_who_moves : rl::test_suite<row_of_one_who_moves, 3> {
  process receiver;
  worker owner;
  letter woke_it;
  letter letters[3];
  rl::atomic<int> moves;

  void before() {
    receiver.reset();
    moves.store(0, rl::mo_relaxed, $);
    owner.send(receiver, woke_it, 11);
  }
  void await_move(int which) {
    rl::linear_backoff wait;
    while (moves.load(rl::mo_acquire, $) != which) wait.yield($);
  }
  void thread(unsigned which) {
    if (which == 0) {
      owner.send(receiver, letters[0], 1);
      moves.store(1, rl::mo_release, $);
      await_move(2);
      owner.send(receiver, letters[2], 3);
      owner.run_next();
    } else if (which == 1) {
      await_move(1);
      send_elsewhere(receiver, letters[1], 2);
      moves.store(2, rl::mo_release, $);
    } else {
      owner.clear_out();
    }
  }
  void after() { RL_ASSERT(receiver.taken($) == 4 && owner.slot.is_empty()); }
};

/// A worker sends in a row to one process and then to another, which takes the place of the first in its
/// slot, unless that was cleared out. Each gets what is its own.
struct rows_to_two : rl::test_suite<rows_to_two, 2> {
  process receivers[2];
  worker owner;
  letter letters[2][3];

  void before() {
    for (process& p : receivers) p.reset();
  }
  void thread(unsigned which) {
    if (which == 0) {
      for (int to = 0; to != 2; ++to) {
        for (int i = 0; i != 3; ++i) {
          if (process* const before = owner.send(receivers[to], letters[to][i], 10 * to + i + 1))
            before->run();
        }
      }
      owner.run_next();
    } else {
      for (int i = 0; i != 3; ++i) owner.clear_out();
    }
  }
  void after() {
    for (process& p : receivers) RL_ASSERT(p.taken($) == 3 && p.mail.is_empty());
    RL_ASSERT(receivers[0].last[0]($) == 3 && receivers[1].last[1]($) == 3 && owner.slot.is_empty());
  }
};

/// Something is asked of the process while a worker sends to it in a row. It is looked at, and before a
/// letter whose sender knew of it.
struct row_against_attention : rl::test_suite<row_against_attention, 3> {
  process receiver;
  worker owner;
  letter letters[3];
  rl::atomic<int> is_known;

  void before() {
    receiver.reset();
    is_known.store(0, rl::mo_relaxed, $);
    owner.send(receiver, letters[0], 1);
  }
  void thread(unsigned which) {
    if (which == 0) {
      owner.send(receiver, letters[1], 2);
      owner.send(receiver, letters[2], 3 + (is_known.load(rl::mo_acquire, $) != 0 ? knowing : 0));
      owner.run_next();
    } else if (which == 1) {
      receiver.lock.lock();
      receiver.asked($) = 1;
      const bool wakes = receiver.mail.attend();
      receiver.lock.unlock();
      is_known.store(1, rl::mo_release, $);
      if (wakes) receiver.run();
    } else {
      owner.clear_out();
    }
  }
  void after() { RL_ASSERT(receiver.taken($) == 3 && receiver.looked($) == 1); }
};

}  // namespace

int main() {
  bool all = holds<row_against_clearing>("a row meets the clearing of the slot", 200000);
  all = holds<row_of_one_who_moves>("a row meets what its sender has sent elsewhere", 200000) && all;
  all = holds<rows_to_two>("rows to two meet the clearing of the slot", 200000) && all;
  all = holds<row_against_attention>("a row meets a question", 200000) && all;
  return all ? 0 : 1;
}
