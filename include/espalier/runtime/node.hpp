// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/record.hpp>
#include <espalier/plan/order.hpp>
#include <espalier/process/administration.hpp>
#include <espalier/runtime/scheduler.hpp>

namespace espalier::runtime {

enum class notice_kind : unsigned char {
  // from the parent, or from the engine to the root
  start,
  stop,
  // from a child: after a start one of the first three, unless that has answered that it is up; and one
  // `ended` once it is
  started,
  ignored,
  start_failed,
  ended,
  overflowed,  // dropped a message, at any time
  // from a child, for reports; with its incarnation as `life`
  stalled,   // a function of it has run for long, and still does
  returned,  // the function of one that was left behind
  // from itself
  retry,
  limit_expired,
  // from outside
  request,
  start_expired,
  wait_over
};

/// What a supervisor is told.
struct notice {
  notice_kind what{};
  plan::child_index child = 0;
  std::uint64_t life = 0;  // which incarnation of the child, or which limit: stale ones are ignored
  exit_reason why = reason::normal;
  type_id message = {};                      // that the child was handling
  plan::ending how = plan::ending::stopped;  // of a supervisor
  envelope* request = nullptr;               // a `child_request`, or a `children_request`
};

/// Takes the notices of its children. Any thread.
class parent {
 public:
  virtual void tell(notice n) noexcept = 0;
  /// Answers a request about a child, or about all of them.
  virtual void take_request(envelope& r, plan::child_index child) noexcept = 0;

 protected:
  ~parent() = default;
};

/// What becomes of a wish to leave a process behind.
enum class leaving : unsigned char {
  done,         // its life is told as ended
  in_context,   // not now: its function uses its context
  not_running,  // no function of it runs; what it was asked waits for a worker
};

/// A life that was started: its number, and whether it is up already. Then that is not told.
struct begun_life {
  std::uint64_t number = 0;
  bool is_up = false;
};

/// A supervisor or the place of a process, as its parent sees it. Called by the parent, one call at a time;
/// what it tells the parent meanwhile is taken after that.
class node : public runnable {
 public:
  node(node const&) = delete;
  node& operator=(node const&) = delete;

  /// Starts a new life. The last one must have been told as ended.
  virtual begun_life start() = 0;
  /// Asks for an orderly stop; also of a start under way.
  virtual void stop() = 0;
  /// Ends a process without its `terminate`, as soon as no function of it runs. A supervisor is not killed.
  virtual void kill() = 0;
  /// Leaves behind a process whose function does not return. A supervisor is not left behind.
  virtual leaving leave_behind() { return leaving::not_running; }
  /// Nothing restarts it for now: calls get `noproc`, and casts are dropped.
  virtual void park() = 0;
  /// It will be started again: messages wait.
  virtual void reopen() = 0;

 protected:
  node() = default;
  ~node() = default;
};

}  // namespace espalier::runtime
