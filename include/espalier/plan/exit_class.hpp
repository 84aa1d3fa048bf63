// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/policies.hpp>

namespace espalier::plan {

/// What a supervisor distinguishes about an end. A clean end is `normal` or `shutdown`.
enum class exit_class : unsigned char { normal, shutdown, abnormal };

/// Whether a child that ended by itself is started again (reference B.2).
constexpr bool is_restarted(restart_kind restart, exit_class why) {
  return restart == restart_kind::permanent ||
         (restart == restart_kind::transient && why == exit_class::abnormal);
}

/// Whether the end of a child that its supervisor stopped is as ordered, and needs no report (reference B.7).
/// A `brutal_kill` child was ordered to be killed, which the class does not show.
constexpr bool is_as_ordered(restart_kind restart, bool brutal_kill, exit_class why) {
  if (why == exit_class::shutdown && !brutal_kill) return true;
  return why != exit_class::abnormal && restart != restart_kind::permanent;
}

}  // namespace espalier::plan
