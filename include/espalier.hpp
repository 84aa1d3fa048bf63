// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check.hpp>
#include <espalier/plan.hpp>
#include <espalier/process.hpp>
#include <espalier/runtime.hpp>
#include <espalier/system.hpp>
#include <espalier/tree.hpp>
