// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// All that is needed to declare a tree, and cheap to compile. `espalier.hpp` has the rest.
#pragma once

#include <espalier/tree/child.hpp>
#include <espalier/tree/duration.hpp>
#include <espalier/tree/dynamic.hpp>
#include <espalier/tree/partitioned.hpp>
#include <espalier/tree/policies.hpp>
#include <espalier/tree/processes.hpp>
#include <espalier/tree/supervisor.hpp>
#include <espalier/tree/type_name.hpp>
