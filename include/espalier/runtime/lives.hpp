// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/hand_over.hpp>

// The lives of a process at its place: from a start to the hand-over. All of this runs on the worker that has
// the place, or on the supervisor that holds it, one step at a time; what comes next is decided in place.hpp.
//
// A life, as seen by the supervisor: start -> started | ignored | start_failed; after started -> ended, once.
// The start may answer at once that it has `started`; then that is not told.
//
//   1. start      a worker builds the process and awaits its `init`. Mail waits. A throw, a stop or a kill
//                 now makes it `start_failed`; the mail goes on waiting for the next attempt.
//                 The supervisor holds the place until then, unless somebody runs it (mailbox.hpp). So it
//                 builds there and then what has no `init`, and what the compiler could build; and it need
//                 not even hold a place that is parked and nothing else.
//   2. serving    one message at a time. While a handler is suspended only its answer, its timeout, a stop or
//                 a kill is taken up.
//   3. end        by a throw, by itself, or by a stop. On a stop a suspended frame is destroyed, and the
//                 caller being served and all queued ones are told; then `terminate` runs and is awaited
//                 (SEMANTICS 13, 14).
//                 What runs no code of its own at its end ends in its only message without taking that out
//                 of the mailbox, and at rest by its supervisor, there and then, which holds the place.
//   4. hand-over  see hand_over.hpp.
//   5. gap        until the supervisor starts the next life, or parks the place: then what waits is refused
//                 (4).
namespace espalier::runtime {

class lives : public hand_overs {
 public:
  begun_life start() override {
    const bool was_parked = inbox_.is_parked();
    stop_asked_.store(false, std::memory_order_relaxed);
    kill_asked_.store(false, std::memory_order_relaxed);
    const std::uint64_t life = last_life() + 1;
    lives_.store(life, std::memory_order_relaxed);
    const bool is_at_once = takes_at_once() && !plan_->code.builds && runs().may_run_here();
    if (is_at_once && inbox_.is_only_parked() && begin_parked()) return {life, true};
    if (ends_here == this && !was_parked) {
      phase_ = phase::asked;  // its turn goes on after this
    } else if (!takes_at_once() || !inbox_.hold()) {
      std::unique_lock lock(mutex_);
      start_asked_ = true;
      attend(lock, true);
    } else if (is_at_once) {
      return {life, begin_at_once(was_parked)};
    } else {
      phase_ = phase::asked;
      submit();
    }
    return {life};
  }

  void stop() override { ask(reason::shutdown); }
  void kill() override { ask(reason::killed); }

 protected:
  lives(place_plan const& plan, std::uint32_t number) : hand_overs(plan, number) {}
  ~lives() = default;

  /// Whether there is more to look at than the mailbox, or will be once the process serves. Under the lock.
  bool has_control() const { return phase_ != phase::serving || has_control_later(); }
  bool has_control_later() const {
    return is_bounded_ || is_stopping() || has_signals() || rooms_missing() != 0;
  }

  // --- its limits

  bool has_timers() const { return timing_ != nullptr && !timing_->timed.empty(); }

  timing& timing_part() {
    if (timing_ == nullptr) timing_ = std::make_unique<timing>(*this, runs());
    return *timing_;
  }
  void arm(instant due) { timing_part().limit.set(runs(), due); }
  void disarm() {
    if (timing_ != nullptr) timing_->limit.clear(runs());
  }

  // --- from start to end

  life_number which() const { return {last_life(), static_cast<std::uint32_t>(last_life()) - lives_before_}; }

  void begin_life() {
    phase_ = phase::starting;
    if (is_stopping()) return fail_start(reason::shutdown);  // not begun: it never will
    bool built = true;
    std::shared_ptr<void const> arguments;
    auto failure = detail::caught([&] { life_ = plan_->make(here(), which()); });
    if (failure) return fail_start(*failure);
    if (has_arguments_) {
      std::lock_guard lock(mutex_);
      arguments = rare_->arguments;
    }
    is_running_.store(true, std::memory_order_release);  // to who leaves it behind, or looks at it
    failure = contained([&](incarnation& life) {
      reach(fault_point::construct);
      built = life.construct(arguments.get());
    });
    if (failure) return fail_start(*failure);
    if (life_->is_asked_to_stop) return fail_start(*life_->ending);
    if (!built) return decline_start();
    if (const auto asked = end_asked()) return fail_start(*asked);
    if (!plan_->code.inits && !is_simulated_) return serve();
    std::coroutine_handle<> frame;
    const auto thrown = contained([&](incarnation& life) {
      reach(fault_point::init);
      frame = life.begin_init();
    });
    if (thrown) return fail_start(*thrown);
    drive(frame);
  }

  /// Answers false, and does nothing, if there is no memory.
  bool build_at_once() {
    const auto failure = detail::caught([&] {
      life_ = plan_->make(here(), which());
      static_cast<void>(life_->construct(nullptr));
    });
    if (failure) {
      life_.reset();
      return false;
    }
    phase_ = phase::serving;
    is_running_.store(true, std::memory_order_release);  // as in `begin_life`
    return true;
  }
  /// While the place is only parked. So nobody has it, and without a timer nobody but the caller, its
  /// supervisor, has anything to say to it. Answers false if the life has to begin as always.
  bool begin_parked() {
    if (timing_ != nullptr || !mail_.empty() || !build_at_once()) return false;
    needs_lock_ = false;
    inbox_.open_parked();
    return true;
  }
  /// While the caller holds the place. Answers false if it begins as always.
  bool begin_at_once(bool was_parked) {
    if (was_parked) {
      needs_lock_ = false;  // nobody has left anything
    } else {
      std::lock_guard lock(mutex_);
      needs_lock_ = has_control_later();
    }
    const bool is_up = build_at_once();
    if (is_up && !needs_lock_ && mail_.empty()) {
      if (inbox_.open_and_rest()) return true;
    } else if (is_up) {
      inbox_.open();
    } else {
      phase_ = phase::asked;
      needs_lock_ = true;
    }
    submit();
    return is_up;
  }

  void handle(envelope& e) {
    current_ = &e;
    if (answerable* const c = e.call()) c->failure.reset();  // of a kept one
    if (is_simulated_) return handle_simulated(e);
    std::coroutine_handle<> frame;
    auto thrown = contained([&](incarnation& life) { frame = e.begin(life); });
    if (thrown) return crash(std::move(thrown));
    if (frame) return drive(frame);
    finish_message();  // the handler has returned
  }

  /// Handles casts of plain data, one after the other, as `handle` does, and up to `most`. It leaves off
  /// where there is something else to be done. Answers how many it has handled.
  int handle_plain(int const most) {
    incarnation& life = *life_;
    block_cache* const memory = block_cache::current;
    std::coroutine_handle<> frame;
    bool is_left = false;
    int left = most;
    auto thrown = detail::caught([&] {
      for (; left != 0 && !needs_lock_ && !inbox_.has_attention(); --left) {
        envelope* const e = mail_.first();
        if (e == nullptr || !e->is_freed_silently() || !is_for_this(*e)) return;
        current_ = mail_.pop();
        life.held.enter();
        frame = e->begin(life);
        is_left = !leave_code(life);
        if (is_left || frame) return;
        current_ = nullptr;
        envelope::free_silently(*e, memory);
        if (life.is_asked_to_stop) return;
      }
    });
    if (is_left) throw function_was_left{&life};
    if (thrown) {
      come_back(life);
      crash(std::move(thrown));
    } else if (frame) {
      drive(frame);
    } else if (life.is_asked_to_stop) {
      begin_terminate(*life.ending);
    } else {
      return most - left;
    }
    return most - left + 1;  // the last one, too
  }

  [[gnu::noinline]] void handle_simulated(envelope& e) {
    if (!is_busy(e)) enter_simulated(e);
  }
  void enter_simulated(envelope& e) {
    std::coroutine_handle<> frame;
    auto thrown = contained([&](incarnation& life) {
      reach(fault_point::before_handler);
      frame = e.begin(life);
    });
    if (thrown) return crash(std::move(thrown));
    drive(frame);
  }

  /// Whether the simulation has the process busy for a while; as with a running handler, nothing is taken up
  /// until that is over.
  bool is_busy(envelope const& e) {
    const duration d = plan_->faults->busy(here(), e);
    if (d <= duration{}) return false;
    is_busy_ = needs_lock_ = true;
    const instant until = timing_part().busy_until = runs().now() + d;
    arm(until);
    life_->held.enter();
    return true;
  }

  /// Resumes `frame`, if there is one, until the process is suspended or what it does is done.
  void drive(std::coroutine_handle<> frame) {
    if (frame) inside([&](incarnation& life) { life.loop.run(frame); });
    if (life_->waiting != nullptr) return;
    switch (phase_) {
      case phase::starting:
        return finish_init();
      case phase::serving:
        return finish_handler();
      case phase::terminating:
        return finish_terminate();
      case phase::none:
      case phase::asked:
        return;
    }
  }

  /// Takes what left `init` or `terminate`, if that was a task.
  reason_box finish_activity() {
    if (!life_->has_activity) return {};
    return contained([](incarnation& life) { life.finish_activity(); });
  }
  void finish_init() {
    if (const auto thrown = finish_activity()) return fail_start(*thrown);
    if (life_->is_asked_to_stop) return fail_start(*life_->ending);
    if (const auto asked = end_asked()) return fail_start(*asked);
    serve();
  }
  void serve() {
    phase_ = phase::serving;
    if (is_bounded_ || had_signals_ || is_simulated_) {
      std::lock_guard lock(mutex_);
      inbox_.open();
      needs_lock_ = has_control();
    } else {  // a signal or a stop that comes now asks for attention
      inbox_.open();
      needs_lock_ = false;
    }
    tell(notice_kind::started, last_life(), reason::normal);
  }

  void finish_handler() {
    auto thrown = contained([this, &served = *current_](incarnation&) {
      served.finish();
      reach(fault_point::after_handler);
    });
    if (thrown) return crash(std::move(thrown));
    finish_message();
  }
  [[gnu::always_inline]] void finish_message() {
    envelope& done = *std::exchange(current_, nullptr);
    if (is_in_place_) {
      if (!life_->is_asked_to_stop) return;  // to `handle_in_place`
      if (!plan_->code.ends && !is_simulated_ && !is_stopping()) {
        current_ = &done;
        return;  // likewise, to `end_in_place`
      }
      sort_in(inbox_.take());
    }
    if (done.is_freed_silently()) {
      envelope::free_silently(done);
    } else {
      let_go(done);
    }
    if (life_->is_asked_to_stop) begin_terminate(*life_->ending);
  }

  [[gnu::noinline]] void let_go(envelope& done) {
    incarnation& life = *life_;
    if (done.is_repeated()) {
      timing_->finish(runs(), done);
    } else {
      give_back(done);
    }
    come_back(life);  // what was in it may have used the context
  }

  /// The same as to take the message out of the mailbox, and to terminate. Answers false if the process rests
  /// then.
  bool end_in_place(envelope& only) {
    exit_reason why = std::move(*life_->ending);
    current_ = nullptr;
    is_in_place_ = false;
    if (!needs_lock_ && end_and_rest(why, &only)) {
      envelope::free_silently(only);  // this place may run elsewhere
      return false;
    }
    current_ = &only;  // which is freed after the hand-over has emptied the mailbox
    is_in_place_ = true;
    life_->ending = std::move(why);
    end(false);
    return true;
  }

  [[gnu::noinline]] void crash(reason_box why) {
    abandon_current();
    begin_terminate(std::move(*why));
  }

  /// Gives up what the process is suspended on or busy with.
  void leave_handler() {
    disarm();
    life_->waiting = nullptr;
    if (current_ != nullptr) abandon_current();
  }

  /// Unlocks.
  void begin_stop(std::unique_lock<short_lock>& lock) {
    if (current_ != nullptr || life_->waiting != nullptr) {
      lock.unlock();
      leave_handler();
      lock.lock();
    }
    if (phase_ == phase::starting) {
      lock.unlock();
      return fail_start(reason::shutdown);
    }
    envelope_list told;
    if (!plan_->about->keep_mailbox) {
      sort_in(inbox_.take());
      told = std::move(mail_);
      if (is_bounded_) rare_->bounded = 0;
    }
    const waiting_for_room waiting = take_waiting();
    lock.unlock();
    tell_of_room(waiting);
    incarnation& life = *life_;
    answer_current(reason::shutdown);
    fail_all(told, reason::shutdown);
    come_back(life);  // as in `let_go`
    begin_terminate(reason::shutdown);
  }

  /// From the supervisor.
  void ask(reason why) {
    const bool may_end = !plan_->code.ends && takes_at_once() && runs().may_run_here();
    const bool holds = may_end && inbox_.hold_at_rest();
    if (holds && has_nothing_to_end()) return end_at_once(why);
    std::unique_lock lock(mutex_);
    if (start_asked_) {  // not begun: it never will
      start_asked_ = false;
      lock.unlock();
      return tell(notice_kind::start_failed, last_life(), reason::shutdown);
    }
    if (why == reason::killed) kill_asked_.store(true, std::memory_order_relaxed);
    stop_asked_.store(true, std::memory_order_release);  // pairs with `is_stopping`
    attend(lock);
    if (holds) submit();
  }
  /// Of a process that is at rest. While the caller holds the place.
  bool has_nothing_to_end() const {
    return !needs_lock_ && life_->waiting == nullptr && mail_.empty() && answers_ == nullptr && !has_timers();
  }
  /// While the caller holds the place. It is its supervisor, as in `begin_at_once`.
  void end_at_once(reason why) {
    exit_reason shown = why;
    if (end_and_rest(shown, nullptr)) return;
    destroy_process();
    release_rest();
    hand_over(shown, {}, nullptr);
    if (!inbox_.rest()) submit();
  }

  /// What the parent has asked of this life.
  std::optional<exit_reason> end_asked() {
    if (!is_stopping()) return {};  // what is asked from now on is looked at later
    return exit_reason(is_killed() ? reason::killed : reason::shutdown);
  }

  void begin_terminate(exit_reason why) {
    if (const auto asked = end_asked(); asked && *asked == reason::killed) return end_killed();
    phase_ = phase::terminating;
    needs_lock_ = true;
    life_->is_ending = true;
    life_->ending = std::move(why);
    std::coroutine_handle<> frame;
    auto thrown = contained([&](incarnation& life) {
      reach(fault_point::terminate);
      frame = life.begin_terminate(*life.ending);
    });
    if (thrown) {
      life_->ending = std::move(*thrown);
      return end();
    }
    drive(frame);
  }

  void finish_terminate() {
    if (auto thrown = finish_activity()) life_->ending = std::move(*thrown);
    end();
  }

  void end_killed() {
    leave_handler();
    if (phase_ == phase::starting) return fail_start(reason::killed);
    life_->is_ending = true;
    life_->ending = exit_reason(reason::killed);
    end();
  }

  void abandon_current() {
    inside([&served = *current_](incarnation& life) {
      life.only_destructs = true;
      served.abandon();
      life.only_destructs = false;
    });
  }
  void answer_current(exit_reason const& why) {
    envelope* e = std::exchange(current_, nullptr);
    if (e != nullptr) fail(*e, why);
  }
};

}  // namespace espalier::runtime
