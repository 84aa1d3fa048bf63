// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/check/record.hpp>
#include <espalier/process/envelope.hpp>
#include <espalier/tree/duration.hpp>
#include <functional>

namespace espalier::runtime {

class place;

/// Where a process's own code is about to run, or has run.
enum class fault_point : unsigned char { construct, init, before_handler, after_handler, terminate };

/// Mistakes that the engine makes on purpose when it is asked to, so that tests can show that the simulation
/// finds them.
enum class planted_mistake : unsigned char {
  none,
  restart_not_counted,
  stale_notice_accepted,
  caller_not_answered,
  timer_outlives_process,
  mail_outlives_process
};

/// What a simulation sees and changes of the engine's work. Not there on a pool. All on one thread.
class fault_injector {
 public:
  /// What this throws, the process's code has thrown. `handled` is null where no message is.
  virtual void reach(fault_point where, place& at, envelope const* handled) = 0;
  /// Stands between the senders and `place::push`, with the same result.
  virtual delivery post(place& to, envelope& mail, bool may_wait) = 0;
  /// Takes over what one process tells another one of an end: `arrive`, to be called once. Answers false, and
  /// does nothing, if it is to be told at once. `from` is null for the process that runs now.
  virtual bool takes_notice(place* from, place& to, std::function<void()> arrive) = 0;
  /// How long the process is busy before it enters the handler of `mail`.
  virtual duration busy(place& at, envelope const& mail) = 0;
  /// A life is over, and all that belonged to it should be gone. Its supervisor is told next.
  virtual void ended(place& at, exit_reason const& why) = 0;
  /// An administrator restarts a child, alone or with its group.
  virtual void requested(record const& child) = 0;
  virtual planted_mistake planted() const = 0;

 protected:
  ~fault_injector() = default;
};

}  // namespace espalier::runtime
