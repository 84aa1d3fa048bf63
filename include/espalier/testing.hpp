// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// What users test their trees with. `espalier.hpp` does not include it.
#pragma once

#include <espalier.hpp>
#include <espalier/testing/faults.hpp>
#include <espalier/testing/random.hpp>
#include <espalier/testing/simulation.hpp>
#include <espalier/testing/trace.hpp>
#include <espalier/testing/virtual_scheduler.hpp>
