// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/node.hpp>

namespace espalier::runtime {

/// In what of its life a process runs code of its own, beside its handlers.
struct own_code {
  bool builds = true;  // its constructor, or a start function
  bool inits = true;   // `init`
  bool ends = true;    // `terminate`, or its destructor
};

/// What the engine knows of a place from the tree.
struct place_plan {
  record const* about = nullptr;
  life_maker make = nullptr;
  place* const* neighbours = nullptr;
  parent* const* dynamics = nullptr;   // by position among its edges, as the neighbours are
  place* const* partitions = nullptr;  // of a partitioned supervisor, this one among them
  void const* const* environment = nullptr;
  parent* told = nullptr;
  scheduler* runs = nullptr;
  own_code code = {};
  bool is_used_once = false;         // what ends there is never restarted
  fault_injector* faults = nullptr;  // only in a simulation
};

}  // namespace espalier::runtime
