// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/envelope.hpp>
#include <espalier/runtime/timers.hpp>

namespace espalier::runtime {

/// Something that is run by a worker: a process's place or a supervisor. Places are answered, too; as one
/// class, both need one table of functions in each of them.
class runnable : public reply_sink {
 public:
  /// Does a bounded amount of work. Its owner sees to it that it is submitted at most once at a time.
  virtual void run() noexcept = 0;
  /// It has run for long, and still does. From another thread.
  virtual void stalled() noexcept {}
  /// Nothing but a place calls.
  void deliver(answerable& answered) noexcept override { delete &answered; }

  runnable* next_runnable = nullptr;  // for the queue that it is in

 protected:
  ~runnable() = default;
};

/// Time and scheduling, handed in from outside: the pool with the steady clock, or a simulation with a
/// virtual one.
class scheduler {
 public:
  /// Has `r` run soon. Any thread.
  virtual void submit(runnable& r) = 0;
  /// The same for one that has used up its turn: others come first.
  virtual void resubmit(runnable& r) { submit(r); }
  /// Whether the caller, at work for this scheduler, may do at once what it would have submitted.
  virtual bool may_run_here() const { return false; }
  virtual instant now() = 0;
  /// An instant that is not before now, and cheaper to know.
  virtual instant not_before_now() { return now(); }
  /// An instant that is not less than `d` from now.
  virtual instant due_after(duration d) { return now() + d; }
  /// Has `t` expire at `due`, or not at all if that is `end_of_time`. Any thread.
  virtual void arm(timer& t, instant due) = 0;
  /// When it returns, `t` does not expire any more. Answers whether it was still to. Any thread.
  virtual bool disarm(timer& t) = 0;
  /// Whether a timer may stay armed although nobody waits for it any more.
  virtual bool keeps_stale_timers() const { return false; }
  /// How many things a process may do in one turn, so that one that floods itself does not starve others.
  virtual int batch() const { return 1024; }
  /// What runs now has handled that many messages in its turn.
  virtual void handled(int) {}
  /// What runs `r` may never return: another worker takes the place of that one. Any thread, while `r` runs.
  virtual void replace_worker_of(runnable&) {}
  /// A random number, for what should not happen to all at once. Any thread.
  virtual std::uint16_t jitter() { return 0; }

 protected:
  ~scheduler() = default;
};

}  // namespace espalier::runtime
