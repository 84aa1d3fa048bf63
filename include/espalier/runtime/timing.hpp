// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/deadline.hpp>
#include <espalier/runtime/timed_mails.hpp>

namespace espalier::runtime {

/// The limit of what a process is suspended on.
struct suspension_limit final : deadline {
  explicit suspension_limit(address& at) : home(at) {}
  void expire() noexcept override;
  address& home;
};

/// What a process has that ever waited for time. Touched by the worker that runs it.
struct timing {
  timing(address& home, scheduler& runs, short_lock& guard) : timed(home, runs, guard), limit(home) {}

  timed_mails timed;
  suspension_limit limit;
  instant busy_until;  // in a simulation
};

}  // namespace espalier::runtime
