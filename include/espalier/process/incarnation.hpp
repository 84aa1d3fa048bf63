// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/envelope.hpp>
#include <espalier/process/task.hpp>
#include <espalier/tree/duration.hpp>
#include <memory>

namespace espalier::runtime {

class place;

/// The call or sleep that a process is suspended on. It lives in the coroutine's frame.
struct suspension {
  std::coroutine_handle<> frame;
  std::uint64_t call = 0;      // tells its answer from late ones
  envelope* answer = nullptr;  // set by the dispatcher before it resumes; null after a timeout
};

/// One life of a process: its state, its context, and what it is doing. Only the worker that runs the
/// process's place touches it.
class incarnation {
 public:
  incarnation(place& at, std::uint64_t which) : home(at), number(which) {}
  incarnation(incarnation const&) = delete;
  incarnation& operator=(incarnation const&) = delete;
  virtual ~incarnation() = default;

  /// Builds the process. Answers false if its start function declined.
  virtual bool construct() = 0;
  /// Calls `init` or `terminate`. Answers the frame to drive, or null if it is done or there is none.
  virtual std::coroutine_handle<> begin_init() = 0;
  virtual std::coroutine_handle<> begin_terminate(exit_reason const& why) = 0;
  /// Destroys the process, if it was built.
  virtual void destroy() noexcept = 0;

  /// Throws what left `init` or `terminate`.
  void finish_activity() {
    task<void> done = std::move(activity);
    if (done) done.take();
  }

  place& home;
  std::uint64_t const number;  // 1 for the first
  detail::resume_loop loop;
  suspension* waiting = nullptr;
  task<void> activity;                       // the frame of init or terminate
  std::optional<exit_reason> asked_to_stop;  // by itself
};

// What a process asks of its runtime. Declared here, so that the code of processes needs no threads and no
// clock.

/// Puts `mail` into the mailbox of `to`. Answers false, and leaves `mail` with the caller, if there is no
/// process: `to` is parked, or it is between two incarnations and `may_wait` is false. Any thread.
bool post(place& to, envelope& mail, bool may_wait);

/// Whether a call of the process at `self` may wait for a callee's next incarnation (SEMANTICS 3).
bool calls_may_wait(place& self);

/// Registers what the process is suspended on. It resumes with `s.answer` null once `limit` is over.
void suspend(incarnation& self, suspension& s, duration limit);

/// The return address for the next call of the process at `self`.
return_address next_call(place& self);

/// Puts `mail` into the mailbox of `self` after `delay`, and then every `period` unless that is zero.
/// Answers a number to cancel it by.
std::uint64_t send_later(incarnation& self, std::unique_ptr<envelope> mail, duration delay, duration period);

/// Cancels a message that is not in the mailbox yet. Answers whether there was one.
bool cancel_later(incarnation& self, std::uint64_t number);

/// Whether the process at `self` has been asked to stop.
bool is_stopping(place const& self);

/// The address behind the name at `position` among those that the process declares.
place& neighbour(place& self, std::size_t position);

/// The value at `position` among those that the process needs.
void const* environment_of(place& self, std::size_t position);

}  // namespace espalier::runtime
