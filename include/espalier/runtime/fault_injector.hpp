// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/check/record.hpp>

namespace espalier::runtime {

/// Where a simulation may interfere with a process.
enum class fault_point : unsigned char { construct, init, before_handler, after_handler, terminate };

/// Called where a process's own code is about to run, or has run. What it throws, that code has thrown.
class fault_injector {
 public:
  virtual void reach(fault_point where, record const& about, std::uint64_t life, type_id message) = 0;

 protected:
  ~fault_injector() = default;
};

}  // namespace espalier::runtime
