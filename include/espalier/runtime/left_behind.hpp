// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/scheduler.hpp>

// Quarantine (SEMANTICS 17): what becomes of a process whose function does not return although its stop
// limit is over. Nothing can end that function, so its incarnation is left behind, and the place goes on
// without it.
//
//   1. Around each function of the process the worker says so in the incarnation's `held` (custody.hpp).
//      While the process uses its context, it says that; so what it sends is sent before it is left behind,
//      or not at all.
//   2. The supervisor claims the life under the place's lock. If the worker is in the function, the claim
//      stands: from then on the place belongs to the supervisor.
//   3. Still under the lock it moves all that the function may touch into a `left_behind`. It has another
//      worker take the place of that one, gives the mail back as at any end, and frees the place for its
//      next life.
//   4. The worker that comes out of the function finds the claim, and throws `function_was_left`. It touches
//      nothing of the place any more on its way out of `run`, takes the `left_behind` under the lock, and
//      destroys it.
//   5. What the function does with its context meanwhile finds the claim, too, and throws; what destructors
//      do with it does nothing.
//
// Why nothing is touched by both: custody.hpp. Only the `left_behind` frees the incarnation with its `held`.
namespace espalier::runtime {

/// An incarnation whose function still runs, with the message that it handles, and those that were meant for
/// it only.
class left_behind final : public timer, public runnable {
 public:
  left_behind(std::unique_ptr<incarnation> life, std::unique_ptr<envelope> handled, envelope_list own)
      : life_(std::move(life)), handled_(std::move(handled)), own_(std::move(own)) {}

  incarnation const& life() const { return *life_; }

  // In a simulation the function has not begun: it does all that it does when it should have returned.
  void expire() noexcept override;
  void run() noexcept override;

  /// Once the function has returned.
  ~left_behind() {
    life_->only_destructs = true;
    if (handled_ != nullptr) handled_->abandon();
    life_->destroy();
    while (envelope* e = own_.pop()) delete e;
  }

 private:
  std::unique_ptr<incarnation> life_;
  std::unique_ptr<envelope> handled_;  // null if it is no message
  envelope_list own_;
};

/// Thrown past the functions of a place by the worker that comes back too late.
struct function_was_left {
  incarnation const* life;
};

/// Answers a call in the place of the request, which is still being handled.
class stand_in_answer final : public answerable {
 public:
  explicit stand_in_answer(answerable& request) : stands_for(&request), type_(request.message_type()) {
    from = std::exchange(request.from, {});
  }
  std::coroutine_handle<> begin(incarnation&) override { return {}; }
  void finish() override {}
  void abandon() noexcept override {}
  type_id message_type() const noexcept override { return type_; }

  envelope* const stands_for;  // it may be gone by now

 private:
  type_id const type_;
};

}  // namespace espalier::runtime
