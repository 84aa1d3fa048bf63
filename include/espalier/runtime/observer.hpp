// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/exit_reason.hpp>
#include <espalier/runtime/node.hpp>
#include <espalier/runtime/report.hpp>

namespace espalier::runtime {

enum class event_kind : unsigned char {
  started,
  ended,
  restarting,  // a restart failed, and the next attempt waits in the supervisor's queue
  gave_up
};

/// One step of supervision, for traces and tests. It lasts as long as its observer is called.
struct event {
  event_kind what{};
  record const* about = nullptr;
  exit_reason const& why;
  // One record may stand for many.
  node const* node_about = nullptr;
  node const* supervisor = nullptr;  // that says so, of its child; null: the end of all
};

/// What supervisors tell the world about themselves. Any worker.
class observer {
 public:
  /// Only if it wants events.
  virtual void happened(event const& e) noexcept = 0;
  virtual void reported(report const& r) noexcept = 0;

  bool const wants_events;

 protected:
  explicit observer(bool wants_them = true) : wants_events(wants_them) {}
  ~observer() = default;
};

}  // namespace espalier::runtime
