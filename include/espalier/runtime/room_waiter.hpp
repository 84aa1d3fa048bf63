// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>

namespace espalier::runtime {

/// Waits for room in a mailbox: a process, or a thread outside the tree.
class room_waiter {
 public:
  /// There is room, or no mailbox any more. Any thread.
  virtual void go_on(std::uint64_t life) noexcept = 0;

 protected:
  ~room_waiter() = default;
};

}  // namespace espalier::runtime
