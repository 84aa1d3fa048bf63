// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <espalier/plan/exit_class.hpp>
#include <espalier/plan/window.hpp>

// What the plans of supervisors are told of the tree, and what they order.
namespace espalier::plan {

using child_index = std::uint32_t;

/// What the tree says about one child.
struct child_rule {
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
  bool brutal_kill = false;
  duration backoff_first{};  // zero: none
  duration backoff_max{};
};

/// What the tree says about one supervisor.
struct supervisor_rule {
  strategy_kind strategy = strategy_kind::one_for_one;
  auto_shutdown_kind auto_shutdown = auto_shutdown_kind::never;
  std::size_t max_restarts = 1;
  duration period{5'000'000'000};
};

enum class status : unsigned char {
  stopped,   // without a process: not yet started, parked, or between the stop and the start of a restart
  starting,  // a start is under way
  running,
  stopping,   // a stop is under way
  waiting,    // for the end of a back-off, its own or that of the sibling that it restarts with
  retrying,   // its restart failed; the next attempt waits in the queue
  forgotten,  // a temporary child that ended; nothing starts it but a new life of its supervisor
};

/// Why a supervisor ended.
enum class ending : unsigned char { stopped, gave_up, auto_shutdown, start_failed };

enum class order_kind : unsigned char {
  start,  // start the child; answer `started`, `ignored` or `start_failed`
  stop,   // stop the child, also while it starts; answer `child_ended` or `start_failed`
  park,   // the child stays without a process: its start declined, or a sibling's restart ended it for good
  left_stopped,   // the child has ended by itself, and stays without a process
  restarting,     // a restart was counted; `child` caused it, `first`..`last` are affected
  retry,          // send the event `retry` for the child through the queue
  wait,           // send the event `resume` for the child after `delay`
  done,           // what was requested has been done; `failed` if a start in it failed
  misbehaved,     // the child was to be stopped, but ended in another way
  up,             // all children have been started
  giving_up,      // the child caused one restart too many
  shutting_down,  // the child's end triggers auto_shutdown
  ended           // all children have ended, and the supervisor with them; see `why` and `child`
};

/// One thing that the caller of the plan must do, at once and in this order.
struct order {
  order_kind what{};
  child_index child = 0;
  child_index first = 0;
  child_index last = 0;
  ending why = ending::stopped;
  duration delay{};  // of a restart, and its wait
  bool failed = false;
};

}  // namespace espalier::plan
