// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/process/custody.hpp>
#include <espalier/process/plain_mail.hpp>
#include <espalier/process/task.hpp>
#include <espalier/tree/duration.hpp>
#include <memory>

namespace espalier::runtime {

class place;

/// A message about the end of a process, made before that end and filled in by it.
struct death_notice {
  std::unique_ptr<envelope> mail;  // null if its receiver has no handler for it
  void (*fill)(envelope&, std::uint64_t incarnation, exit_reason const&) = nullptr;

  void fill_in(std::uint64_t incarnation, exit_reason const& why) {
    if (mail != nullptr) fill(*mail, incarnation, why);
  }
};

/// The call or sleep that a process is suspended on. It lives in the coroutine's frame.
struct suspension {
  std::coroutine_handle<> frame;
  std::uint64_t call = 0;        // tells its answer from late ones
  answerable* answer = nullptr;  // set by the dispatcher before it resumes; null after a timeout
  bool is_call = false;
};

/// Which life it is: of its place, and of the child that has the place then. Both from 1.
struct life_number {
  std::uint64_t of_place;
  std::uint32_t of_child;
};

class incarnation;
using life_maker = std::unique_ptr<incarnation> (*)(place&, life_number);

/// One life of a process: its state, its context, and what it is doing. Only who has the process touches it:
/// the worker that runs its place, or the supervisor that holds that.
class incarnation : public in_block {
 public:
  incarnation(place& at, life_number which)
      : home(at), number(which.of_place), shown_number(which.of_child) {}
  incarnation(incarnation const&) = delete;
  incarnation& operator=(incarnation const&) = delete;
  virtual ~incarnation() = default;

  /// Builds the process, a dynamic child from its start arguments. Answers false if its start function
  /// declined.
  virtual bool construct(void const* arguments) = 0;
  /// Calls `init` or `terminate`. Answers the frame to drive, or null if it is done or there is none.
  virtual std::coroutine_handle<> begin_init() = 0;
  virtual std::coroutine_handle<> begin_terminate(exit_reason const& why) = 0;
  /// Destroys the process, if it was built.
  virtual void destroy() noexcept = 0;

  /// Throws what left `init` or `terminate`, if that was a task.
  virtual void finish_activity() = 0;

  /// Has it end once its function has returned. While it ends already it is only remembered.
  void ask_to_stop(exit_reason why) {
    is_asked_to_stop = true;
    if (!is_ending) ending = std::move(why);
  }

  place& home;
  detail::resume_loop loop;
  suspension* waiting = nullptr;
  reason_box ending;           // why it is to end, or ends
  std::uint64_t const number;  // of the place
  std::uint32_t calls = 0;
  std::uint32_t const shown_number;  // of the child
  custody<> held;
  std::atomic<bool> left{false};  // behind; written under the lock of the place
  std::uint8_t answered = 0;      // requests at once, since one had to be waited for
  bool is_asked_to_stop = false;  // by itself
  bool is_ending : 1 = false;     // its end has begun, for whatever reason
  bool has_activity : 1 = false;  // its `init` or `terminate` is a task, which is not done
  bool traps_exits : 1 = false;
  bool only_destructs : 1 = false;  // its functions have returned; destructors run, which must not throw
};

// What a process asks of its runtime. Declared here, so that the code of processes needs no threads and no
// clock.

/// Puts `mail` into the mailbox of `to`. Answers false, and leaves `mail` with the caller, if there is no
/// process: `to` is parked, or it is between two incarnations and `may_wait` is false. Any thread.
/// If the mailbox is full, the sender is to wait for room.
delivery post(place& to, envelope& mail, bool may_wait);

/// A place, and which child it has been given to; 0 for whichever.
struct child_address {
  place* at = nullptr;
  std::uint64_t generation = 0;
};
/// As `post`, to that child only.
delivery post(child_address const& to, envelope& mail, bool may_wait);

// The following throw `es::quarantined`, or do nothing where only destructors run, if the process was left
// behind. Where only destructors run, no timer, monitor or link begins in any case.

/// As `post`, from a process. A call of one that does not serve, or is to end, may not wait (SEMANTICS 3).
delivery send(incarnation& self, place& to, envelope& mail);
delivery send(incarnation& self, child_address const& to, envelope& mail);

/// Does not take up another message, nor go on after a sleep, until there is room in the mailbox of `to`.
void wait_for_room(incarnation& self, place& to);

/// Registers what the process is suspended on. It resumes with `s.answer` null once `limit` is over.
void suspend(incarnation& self, suspension& s, duration limit);

/// The return address for the next call of the process.
return_address next_call(incarnation& self);

/// Puts `mail` into the mailbox of `self` after `delay`, and then every `period` unless that is zero.
/// Answers a number to cancel it by.
std::uint64_t send_later(incarnation& self, std::unique_ptr<envelope> mail, duration delay, duration period);
std::uint64_t send_later(incarnation& self, plain_mail const& mail, duration delay);

/// Cancels a message that is not in the mailbox yet. Answers whether there was one. Throws nothing.
bool cancel_later(incarnation& self, std::uint64_t number);

/// Sends `self` the notice when `target` ends. Answers a number to give it up by.
std::uint64_t monitor(incarnation& self, place& target, death_notice notice, std::uint64_t generation = 0);
/// Gives up a monitor, and its notice. Answers false if that has been handled. Throws nothing.
bool demonitor(incarnation& self, std::uint64_t number);

/// Has the abnormal end of either end the other one, or tell it if it traps exits.
void link(incarnation& self, place& other, death_notice to_self, death_notice to_other,
          std::uint64_t generation = 0);
void unlink(incarnation& self, place& other);
/// Sends an exit signal; `killed` cannot be trapped.
void exit(incarnation& self, place& to, exit_reason why, death_notice notice, std::uint64_t generation = 0);

/// Whether the process has been asked to stop, or was left behind.
bool is_stopping(incarnation const& self) noexcept;

/// The address behind the name at `position` among those that the process declares.
place& neighbour(place& self, std::size_t position);

/// The partition of that number, of those of which `first` is one.
place& partition(place& first, std::size_t number);
/// Which child of its supervisor `self` is, from 0.
std::size_t partition_number(place const& self);

/// The value at `position` among those that the process needs.
void const* environment_of(place& self, std::size_t position);

}  // namespace espalier::runtime
