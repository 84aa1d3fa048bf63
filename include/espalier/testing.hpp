// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// What users test their trees with. `espalier.hpp` does not include it.
#pragma once

#include <espalier.hpp>
#include <espalier/testing/crash_everywhere.hpp>
#include <espalier/testing/explore.hpp>
#include <espalier/testing/simulation.hpp>
#include <espalier/testing/simulation_of.hpp>
