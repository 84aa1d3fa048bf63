// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/node.hpp>

namespace espalier::runtime {

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
  bool starts_at_once = false;       // building it runs no code of the process
  fault_injector* faults = nullptr;  // only in a simulation
};

}  // namespace espalier::runtime
