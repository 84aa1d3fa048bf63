// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// What a supervisor decides: pure functions, without threads and clocks.
#pragma once

#include <espalier/plan/backoff.hpp>
#include <espalier/plan/dynamic_plan.hpp>
#include <espalier/plan/exit_class.hpp>
#include <espalier/plan/order.hpp>
#include <espalier/plan/supervisor_plan.hpp>
#include <espalier/plan/window.hpp>
