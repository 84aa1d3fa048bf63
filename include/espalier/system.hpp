// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// A tree, run: from a thread outside, or as a whole program.
#pragma once

#include <espalier/system/footprint.hpp>
#include <espalier/system/run.hpp>
#include <espalier/system/system.hpp>
#include <espalier/system/wiring.hpp>
#include <espalier/system/with.hpp>
