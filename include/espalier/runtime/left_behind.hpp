// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/timed_mails.hpp>

// Quarantine (SEMANTICS 17): what becomes of a process whose function does not return although its stop
// limit is over. Nothing can end that function, so its incarnation is left behind, and the place goes on
// without it.
//
//   1. Before a function of the process is entered, the worker stores the number of the life in `inside_`;
//      when it has returned, the worker changes that number back to 0. While the process uses its context,
//      another number stands there; so what it sends is sent before it is left behind, or not at all.
//   2. The supervisor changes the number to 0 itself, under the place's lock. If it was there, the worker is
//      in the function, and its own change will fail: from then on the place belongs to the supervisor.
//   3. Still under the lock it moves all that the function may touch into a `left_behind`. It has another
//      worker take the place of that one, gives the mail back as at any end, and frees the place for its
//      next life.
//   4. The worker whose change fails throws `function_was_left`, touches nothing of the place any more on its
//      way out of `run`, takes the `left_behind` under the lock, and destroys it.
//   5. What the function does with its context meanwhile finds another number in `inside_`, and throws; what
//      destructors do with it finds that, too, and does nothing.
//
// Why nothing is touched by both: whoever changes the number from that of the life to 0 owns what belongs to
// the life, and life numbers are never used again.
namespace espalier::runtime {

/// An incarnation whose function still runs, with the message that it handles.
class left_behind final : public timer, public runnable {
 public:
  left_behind(std::unique_ptr<incarnation> life, envelope* handled, std::unique_ptr<timed_mail> owner)
      : life_(std::move(life)), handled_(handled), owner_(std::move(owner)) {}

  std::uint64_t number() const { return life_->number; }
  std::uint64_t lives_before() const { return life_->lives_before; }

  // In a simulation the function has not begun: it does all that it does when it should have returned.
  void expire() noexcept override;
  void run() noexcept override;

  /// Once the function has returned.
  ~left_behind() {
    life_->only_destructs = true;
    if (handled_ != nullptr) handled_->abandon();
    life_->destroy();
    if (owner_ == nullptr) delete handled_;
  }

 private:
  std::unique_ptr<incarnation> life_;
  envelope* handled_;
  std::unique_ptr<timed_mail> owner_;  // if a timer sent the message
};

/// Thrown past the functions of a place by the worker that comes back too late.
struct function_was_left {
  std::uint64_t life = 0;
};

/// Answers a call in the place of the request, which is still being handled.
class stand_in_answer final : public envelope {
 public:
  explicit stand_in_answer(envelope& request) : stands_for(&request), type_(request.message_type()) {
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
