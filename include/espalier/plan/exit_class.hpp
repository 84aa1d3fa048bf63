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
constexpr bool is_as_ordered(restart_kind restart, exit_class why) {
  return why == exit_class::shutdown || (why == exit_class::normal && restart != restart_kind::permanent);
}

}  // namespace espalier::plan
