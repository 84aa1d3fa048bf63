// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/address.hpp>
#include <espalier/runtime/left_behind.hpp>

// The place of a process: its address for the life of the system, and the incarnation, if there is one, which
// it takes from one event to the next. All of this runs on one worker at a time.
//
// A life, as seen by the supervisor: start -> started | ignored | start_failed; after started -> ended, once.
//
//   1. start      a worker builds the process and awaits its `init`. Mail waits. A throw, a stop or a kill
//                 now makes it `start_failed`; the mail goes on waiting for the next attempt.
//   2. serving    one message at a time. While a handler is suspended only its answer, its timeout, a stop or
//                 a kill is taken up.
//   3. end        by a throw, by itself, or by a stop. On a stop a suspended frame is destroyed, and the
//                 caller being served and all queued ones are told; then `terminate` runs and is awaited
//                 (SEMANTICS 13, 14).
//   4. hand-over  the process is destroyed and its timers are disarmed; then, under the lock, the queue is
//                 taken and the gap begins: what is sent from now on waits for the next incarnation (2). Then
//                 the supervisor is told, and after it the callers (9).
//   5. gap        until the supervisor starts the next life, or parks the place: then what waits is refused
//                 (4).
namespace espalier::runtime {

class alignas(64) place final : public address {
 public:
  /// `plan` outlives it.
  place(place_plan const& plan, std::uint32_t number) : address(plan, number) {}

  ~place() {
    // In a simulation that ends before they do.
    if (rare_ != nullptr) {
      for (auto& l : rare_->left) runs_->disarm(*l);
      rare_->left.clear();
    }
    if (life_ != nullptr) {
      life_->only_destructs = true;
      life_->held.enter();  // and is claimed, so that nothing more is sent: others are gone already
      static_cast<void>(life_->held.claim());
    }
    if (current_ != nullptr) current_->abandon();
    answer_current(reason::noproc);
    if (life_ != nullptr) life_->destroy();  // while all that it may use is there
  }

  /// From any thread.
  delivery post(envelope& mail, bool may_wait, std::uint64_t generation = 0) {
    if (!is_simulated_) return push(mail, may_wait, generation);
    if (generation != 0 && !is_of(generation)) return {};
    return plan_->faults->post(*this, mail, may_wait);
  }

  /// An exit signal from another process, on that one's worker.
  void post(exit_signal s, std::unique_ptr<envelope> notice, std::uint64_t generation) {
    envelope* const n = notice.release();
    auto arrive = [this, s = std::move(s), n, generation] {
      signal(s, std::unique_ptr<envelope>(n), generation);
    };
    if (!is_simulated_ || !plan_->faults->takes_notice(nullptr, *this, arrive)) arrive();
  }

  // --- from the process, on its worker

  bool calls_may_wait() const { return phase_ == phase::serving && !is_stopping() && !life_->asked_to_stop; }
  /// Only while it serves: a start or an end does not wait for others.
  void wait_for_room_as_server(address& to) {
    if (phase_ != phase::serving) return;
    needs_lock_ = true;
    wait_for_room(to);
  }
  return_address next_call() { return {this, ++calls_}; }

  /// The function of a life returns, or uses its context (left_behind.hpp). Answers false if the life has
  /// been left behind.
  bool leave_code(incarnation& life, whereabouts to = whereabouts::outside) {
    if (life.held.leave(to)) return true;
    std::lock_guard lock(mutex_);  // waits for the decision
    return !life.held.is_claimed();
  }
  place& neighbour(std::size_t position) { return *neighbours_[position]; }
  place& partition(std::size_t number) { return *plan_->partitions[number]; }
  parent& dynamic(std::size_t position) { return *plan_->dynamics[position]; }
  void const* environment(std::size_t position) { return plan_->environment[position]; }

  void suspend(suspension& s, duration limit) {
    life_->waiting = &s;
    if (limit != infinity) arm(runs_->due_after(limit));
  }

  std::uint64_t send_later(std::unique_ptr<envelope> mail, duration delay, duration period) {
    return timing_part().timed.add(std::move(mail), delay, period);
  }
  bool cancel_later(std::uint64_t number) { return timing_ != nullptr && timing_->timed.cancel(number); }

  // --- from the supervisor

  leaving leave_behind() override {
    envelope* served = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (running_ == nullptr) return leaving::not_running;
      const whereabouts at = running_->held.claim();
      if (at != whereabouts::in_code) {
        return at == whereabouts::outside ? leaving::not_running : leaving::in_context;
      }
      running_->left.store(true, std::memory_order_relaxed);
      running_ = nullptr;
      if (handled_in_place_ != nullptr) sort_in(inbox_.take());  // before what is handled may be freed
      if (current_ != nullptr) note_message();
      envelope* const handled = std::exchange(current_, nullptr);
      const bool is_answered_to = handled != nullptr && handled->from.to != nullptr;
      if (is_answered_to) served = new stand_in_answer(*handled);
      auto owner = handled == nullptr || handled->timed() == 0 ? nullptr : timing_->timed.release(*handled);
      rare_part().left.push_back(std::make_unique<left_behind>(std::move(life_), handled, std::move(owner)));
    }  // now the function may return, and all that is gone
    runs_->replace_worker_of(*this);
    if (is_busy_) runs_->arm(*rare_->left.back(), busy_until_);  // in a simulation it does not yet
    disarm();
    const type_id message = noted_message();
    const bool was_starting = phase_ == phase::starting;
    release_rest();
    if (was_starting) {
      hand_back(notice_kind::start_failed, reason::killed);
    } else {
      hand_over(reason::killed, message, served);
    }
    drop_answers();
    inbox_.abandon();
    return leaving::done;
  }

  // --- from the simulation

  /// Whether the process takes messages, and nobody ends it.
  bool is_serving() const { return phase_ == phase::serving && !is_stopping(); }
  bool has_timers() const { return timing_ != nullptr && !timing_->timed.empty(); }
  std::size_t left_behind_count() const { return rare_ == nullptr ? 0 : rare_->left.size(); }
  bool holds_nothing() const {
    return life_ == nullptr && inbox_.is_empty() && mail_.empty() && answers_ == nullptr && !has_timers() &&
           (rare_ == nullptr || (rare_->bonds.empty() && rare_->watchers.empty()));
  }

  // --- from the pool

  void stalled() noexcept override {
    std::unique_lock lock(mutex_);
    const std::uint64_t incarnation = lives_ - lives_before_;
    type_id message;
    // While the life is claimed its worker does not come out of the code.
    if (running_ != nullptr && running_->held.claim() == whereabouts::in_code) {
      if (current_ != nullptr) message = current_->message_type();
      running_->held.unclaim();
    }
    lock.unlock();
    tell(notice_kind::stalled, incarnation, reason::normal, message);
  }

  // --- from the scheduler

  void run() noexcept override {
    try {
      take_turn();
    } catch (function_was_left const& f) {
      discard(*f.life);
    }
  }

 private:
  enum class phase : unsigned char { none, starting, serving, terminating };

  void take_turn() {
    // A turn handles what was in the mailbox when it began. It is bounded in messages and in time, too, so
    // that a process that is flooded, or floods itself, does not starve others. The clock is read after 4,
    // 8, 16... messages: seldom if they are short, and soon enough if they are long.
    constexpr duration turn{1'000'000};
    scheduler& runs = *runs_;
    const int batch = runs.batch();
    instant end{};
    has_taken_ = !mail_.empty();
    is_turn_over_ = false;
    int handled = 0;
    bool goes_on = true;
    while (goes_on && handled != batch && !is_turn_over_) {
      goes_on = step();
      if (!goes_on || ++handled < 4 || (handled & (handled - 1)) != 0) continue;
      const instant now = runs_->now();
      if (handled == 4) end = now + turn;
      if (now >= end) break;
    }
    // Not of this place, which may run elsewhere by now.
    if (handled > 1) runs.handled(handled);
    if (!goes_on) return;
    runs_->resubmit(*this);
  }

  friend left_behind;
  /// Destroys a life that was left behind, now that its function has returned. The place may run elsewhere.
  void discard(incarnation const& life) {
    std::unique_ptr<left_behind> mine;
    {
      std::lock_guard lock(mutex_);
      const auto at =
          std::find_if(rare_->left.begin(), rare_->left.end(), [&](auto& l) { return &l->life() == &life; });
      mine = std::move(*at);
      rare_->left.erase(at);
    }
    const std::uint64_t incarnation = life.number - life.lives_before;
    mine.reset();
    tell(notice_kind::returned, incarnation, reason::killed);
  }

  /// The limit of what the process is suspended on. On a pool it stays armed when that is answered, since
  /// most calls are answered long before, and the next one sees to it that it is due in time; it finds out
  /// when it expires. The limit of what the process is suspended on. On a pool it stays armed when that is
  /// answered, since most calls are answered long before, and the next one sees to it that it is due in time;
  /// it finds out when it expires.
  struct suspension_timer final : timer {
    explicit suspension_timer(place& at) : home(at) {}
    void expire() noexcept override {
      std::unique_lock lock(home.mutex_);
      home.timer_expired_ = true;
      home.attend(lock);
    }
    place& home;
    instant armed_for = end_of_time;  // touched by the worker, as `due`
    instant due = end_of_time;        // of what it is suspended on
  };
  /// What a process has that ever waited for time. Touched by the worker.
  struct timing {
    explicit timing(place& home) : timed(home, *home.runs_, home.mutex_), limit(home) {}
    timed_mails timed;
    suspension_timer limit;
  };
  timing& timing_part() {
    if (timing_ == nullptr) timing_ = std::make_unique<timing>(*this);
    return *timing_;
  }
  void arm(instant due) {
    suspension_timer& t = timing_part().limit;
    t.due = due;
    if (t.armed_for <= due) return;
    t.armed_for = due;
    runs_->arm(t, due);
  }
  void disarm() {
    if (timing_ == nullptr) return;
    suspension_timer& t = timing_->limit;
    t.due = end_of_time;
    if (t.armed_for == end_of_time || runs_->keeps_stale_timers()) return;
    t.armed_for = end_of_time;
    runs_->disarm(t);
  }

  /// Does one thing. Answers false if the process rests, and this worker has it no more.
  bool step() {
    if (needs_lock_ || inbox_.has_attention()) return step_under_lock();
    if (life_->waiting != nullptr) {
      sort_in(inbox_.take());
      return resume_if_answered() || !inbox_.rest();
    }
    envelope* e = mail_.pop();
    if (e == nullptr) {
      if (std::exchange(has_taken_, true)) {
        is_turn_over_ = true;
        return !inbox_.rest();
      }
      envelope* const only = answers_ == nullptr ? inbox_.only() : nullptr;
      if (only != nullptr && only->is_freed_silently() && is_for_this(*only)) return handle_in_place(*only);
      sort_in(inbox_.take());
      if (answers_ != nullptr) drop_answers();
      e = mail_.pop();
      if (e == nullptr) return !inbox_.rest();
      if (inbox_.has_attention()) {  // it may be about what was just taken
        mail_.push_first(*e);
        return true;
      }
    }
    if (is_for_life(*e)) handle(*e);
    return true;
  }

  bool step_under_lock() {
    std::unique_lock lock(mutex_);
    inbox_.attended();
    sort_in(inbox_.take());
    needs_lock_ = true;
    if (std::exchange(timer_expired_, false)) timing_->limit.armed_for = end_of_time;
    if (life_ != nullptr) {
      if (is_busy_) return enter_if_due(lock);
      if (kill_asked_) {
        lock.unlock();
        end_killed();
        return true;
      }
      if (stop_asked_.load(std::memory_order_relaxed) && phase_ != phase::terminating &&
          !goes_on_draining()) {
        lock.unlock();
        begin_stop();
        return true;
      }
      if (has_signals() && phase_ == phase::serving) {
        take_signal(lock);
        return true;
      }
      if (life_->waiting != nullptr) {
        const bool may_resume = rooms_missing() == 0 || life_->waiting->is_call;
        needs_lock_ = has_control();
        lock.unlock();
        if (may_resume && resume_if_answered(is_expired())) return true;
        return !inbox_.rest();
      }
      if (rooms_missing() != 0) {
        lock.unlock();
        return !inbox_.rest();
      }
      if (envelope* e = (is_draining_ ? rare_->queued : mail_).pop()) {
        if (!is_draining_ && is_bounded_) bounded_ -= is_bounded(*e);
        const waiting_for_room waiting = take_waiting();
        needs_lock_ = has_control();
        lock.unlock();
        tell_of_room(waiting);
        if (is_for_life(*e)) handle(*e);
        return true;
      }
      needs_lock_ = has_control();
    } else if (start_asked_) {
      start_asked_ = false;
      lock.unlock();
      begin_life();
      return true;
    }
    envelope* const late = std::exchange(answers_, nullptr);
    lock.unlock();
    drop(late);
    return !inbox_.rest();
  }

  /// Whether what the process is suspended on has taken too long. If not, its timer is armed again.
  bool is_expired() {
    if (timing_ == nullptr || timing_->limit.armed_for != end_of_time) return false;
    const instant due = timing_->limit.due;
    if (due == end_of_time) return false;
    if (due <= runs_->now()) return true;
    arm(due);
    return false;
  }

  /// Whether there is more to look at than the mailbox. Under the lock.
  bool has_control() const {
    return is_bounded_ || phase_ != phase::serving || kill_asked_ ||
           stop_asked_.load(std::memory_order_relaxed) || has_signals() || rooms_missing() != 0;
  }

  /// Whether the life is to handle a message; if not, it is gone.
  bool is_for_life(envelope& e) {
    if (e.bond() != 0) {
      std::lock_guard lock(mutex_);
      if (e.bond() != trapped_signal && rare_->bonds.erase(e.bond()) == 0) {
        delete &e;
        return false;
      }
    }
    if (is_for_this(e)) return true;
    fail(e, reason::noproc);
    return false;
  }
  /// Whether it is meant for the present child.
  bool is_for_this(envelope const& e) const { return e.generation() == 0 || e.generation() == generation(); }

  /// Handles the only message while it stays in the mailbox. Answers false if the process rests then.
  bool handle_in_place(envelope& only) {
    handled_in_place_ = &only;
    handle(only);
    if (handled_in_place_ == nullptr) return true;  // the life has ended
    if (current_ == nullptr && !needs_lock_) {
      handled_in_place_ = nullptr;
      if (inbox_.rest_behind(only)) {
        delete &only;  // this place may run elsewhere
        return false;
      }
      handled_in_place_ = &only;
    }
    is_turn_over_ = true;
    sort_in(inbox_.take());
    if (current_ == nullptr) delete &only;
    return true;
  }

  bool goes_on_draining() {
    if (!plan_->about->drain || phase_ != phase::serving) return false;
    if (!std::exchange(is_draining_, true)) {
      rare_part().queued = std::move(mail_);
      bounded_ = 0;
    }
    return life_->waiting != nullptr || !rare_->queued.empty();
  }

  bool resume_if_answered(bool expired = false) {
    suspension& s = *life_->waiting;
    while (envelope* e = answers_) {
      answers_ = e->next;
      if (s.answer == nullptr && e->from.call == s.call) {
        s.answer = e;
      } else {
        delete e;
      }
    }
    if (s.answer == nullptr && !expired) return false;
    disarm();
    life_->waiting = nullptr;
    drive(s.frame);
    return true;
  }

  // --- lives; only on the worker

  void begin_life() {
    phase_ = phase::starting;
    bool built = true;
    std::shared_ptr<void const> arguments;
    auto failure = detail::caught([&] { life_ = plan_->make(*this, lives_); });
    if (failure) return fail_start(*failure);
    {
      std::lock_guard lock(mutex_);
      running_ = life_.get();
      if (rare_ != nullptr) arguments = rare_->arguments;
    }
    life_->lives_before = lives_before_;
    life_->arguments = arguments.get();
    failure = contained([&](incarnation& life) {
      reach(fault_point::construct);
      built = life.construct();
    });
    if (failure) return fail_start(*failure);
    if (life_->asked_to_stop) return fail_start(*life_->asked_to_stop);
    if (!built) return decline_start();
    if (const auto asked = end_asked()) return fail_start(*asked);
    std::coroutine_handle<> frame;
    const auto thrown = contained([&](incarnation& life) {
      reach(fault_point::init);
      frame = life.begin_init();
    });
    if (thrown) return fail_start(*thrown);
    drive(frame);
  }

  void handle(envelope& e) {
    current_ = &e;
    if (e.failure) e.failure.reset();  // of a kept message
    if (is_simulated_ && is_busy(e)) return;
    enter(e);
  }

  void enter(envelope& e) {
    std::coroutine_handle<> frame;
    const auto thrown = contained([&](incarnation& life) {
      reach(fault_point::before_handler);
      frame = e.begin(life);
    });
    if (thrown) return crash(*thrown);
    if (frame || is_simulated_) return drive(frame);
    finish_message();  // the handler has returned
  }

  /// Whether the simulation has the process busy for a while; as with a running handler, nothing is taken up
  /// until that is over.
  bool is_busy(envelope const& e) {
    const duration d = plan_->faults->busy(*this, e);
    if (d <= duration{}) return false;
    is_busy_ = needs_lock_ = true;
    busy_until_ = runs_->now() + d;
    arm(busy_until_);
    life_->held.enter();
    return true;
  }
  bool enter_if_due(std::unique_lock<short_lock>& lock) {
    lock.unlock();
    if (runs_->now() < busy_until_) return !inbox_.rest();
    is_busy_ = false;
    disarm();
    come_back(*life_);
    enter(*current_);
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
        return;
    }
  }

  void finish_init() {
    const auto thrown = contained([](incarnation& life) { life.finish_activity(); });
    if (thrown) return fail_start(*thrown);
    if (life_->asked_to_stop) return fail_start(*life_->asked_to_stop);
    if (const auto asked = end_asked()) return fail_start(*asked);
    phase_ = phase::serving;
    {
      std::lock_guard lock(mutex_);
      inbox_.open();
    }
    tell(notice_kind::started, lives_, reason::normal);
  }

  void finish_handler() {
    const auto thrown = contained([this, &served = *current_](incarnation&) {
      served.finish();
      reach(fault_point::after_handler);
    });
    if (thrown) return crash(*thrown);
    finish_message();
  }
  void finish_message() {
    envelope& done = *std::exchange(current_, nullptr);
    if (&done == handled_in_place_) {
      if (!life_->asked_to_stop) return;  // to `handle_in_place`
      sort_in(inbox_.take());
    }
    if (done.timed() == 0 || !timing_->timed.finish(done)) give_back(done);
    if (life_->asked_to_stop) begin_terminate(*life_->asked_to_stop);
  }

  void crash(exit_reason const& why) {
    note_message();
    abandon_current();
    begin_terminate(why);
  }

  /// Takes up the oldest exit signal. Unlocks.
  void take_signal(std::unique_lock<short_lock>& lock) {
    exit_signal s = std::move(rare_->signals.front());
    rare_->signals.pop_front();
    const bool is_for_it = s.life == 0 || s.life == lives_;
    const bool is_trapped = is_for_it && life_->traps_exits && s.is_trappable;
    if (s.notice != nullptr) s.notice->set_bond(is_trapped ? trapped_signal : untrapped_signal);
    lock.unlock();
    if (!is_for_it || is_trapped) return;
    if (s.why == reason::killed && !s.is_trappable) return end_killed();
    if (s.why == reason::normal) return;
    leave_handler();
    begin_terminate(s.why);
  }

  /// Gives up what the process is suspended on or busy with.
  void leave_handler() {
    disarm();
    life_->waiting = nullptr;
    if (current_ != nullptr) {
      note_message();
      abandon_current();
    }
  }

  void begin_stop() {
    leave_handler();
    if (phase_ == phase::starting) return fail_start(reason::shutdown);
    envelope_list told;
    waiting_for_room waiting;
    {
      std::lock_guard lock(mutex_);
      if (!plan_->about->keep_mailbox) {
        sort_in(inbox_.take());
        told = std::move(mail_);
        bounded_ = 0;
      }
      waiting = take_waiting();
    }
    tell_of_room(waiting);
    answer_current(reason::shutdown);
    fail_all(told, reason::shutdown);
    begin_terminate(reason::shutdown);
  }

  /// What the parent has asked of this life.
  std::optional<exit_reason> end_asked() {
    std::lock_guard lock(mutex_);
    if (kill_asked_) return exit_reason(reason::killed);
    if (stop_asked_.load(std::memory_order_relaxed)) return exit_reason(reason::shutdown);
    return {};
  }

  void begin_terminate(exit_reason const& why) {
    if (const auto asked = end_asked(); asked && *asked == reason::killed) return end_killed();
    phase_ = phase::terminating;
    needs_lock_ = true;
    life_->ending = why;
    std::coroutine_handle<> frame;
    const auto thrown = contained([&](incarnation& life) {
      reach(fault_point::terminate);
      frame = life.begin_terminate(life.ending);
    });
    if (thrown) {
      life_->ending = *thrown;
      return end();
    }
    drive(frame);
  }

  void finish_terminate() {
    const auto thrown = contained([](incarnation& life) { life.finish_activity(); });
    if (thrown) life_->ending = *thrown;
    end();
  }

  void end_killed() {
    disarm();
    life_->waiting = nullptr;
    if (current_ != nullptr) {
      note_message();
      abandon_current();
    }
    if (phase_ == phase::starting) return fail_start(reason::killed);
    life_->ending = reason::killed;
    end();
  }

  /// The hand-over. After it, this place may be started again at any moment, on another worker.
  void end() {
    const exit_reason why = life_->ending;
    destroy_process();
    const type_id message =
        plan::class_of(why.kind()) == plan::exit_class::abnormal ? noted_message() : type_id{};
    release_rest();
    hand_over(why, message, std::exchange(current_, nullptr));
  }

  /// Gives back the mail, and tells everybody.
  void hand_over(exit_reason const& why, type_id message, envelope* served) {
    envelope_list lost;
    bond_list watching;
    waiting_for_room waiting;
    {
      std::lock_guard lock(mutex_);
      running_ = nullptr;
      sort_in(inbox_.close());
      envelope_list all = rare_ == nullptr ? envelope_list() : std::exchange(rare_->queued, {});
      all.push_all(std::move(mail_));
      mail_ = without_private(std::move(all), 0, plan_->about->keep_mailbox);
      if (!plan_->about->keep_mailbox && !planted(planted_mistake::mail_outlives_process))
        lost.push_all(std::move(mail_));
      for (envelope* e = mail_.first(); e != nullptr; e = e->next) e->failure = why;  // kept
      count_bounded();
      watching = take_watchers();
      waiting = take_waiting();
      if (rare_ != nullptr) {
        rare_->rooms_missing = 0;
        rare_->signals.clear();
      }
    }
    drop_answers();
    const bool is_forgotten =
        planted(planted_mistake::caller_not_answered) && served != nullptr && served->from.to != nullptr;
    const bool answers = served != nullptr && served->timed() == 0 && !is_forgotten;
    const std::uint64_t life = drop_life();
    if (is_simulated_) plan_->faults->ended(*this, why);
    if (planted(planted_mistake::stale_notice_accepted)) tell(notice_kind::ended, life, why, message);
    tell(notice_kind::ended, life, why, message);
    for (auto& b : watching) tell_of_end(b, life, why);
    tell_of_room(waiting);
    if (answers) fail(*served, why);
    fail_all(lost, why);
  }

  void fail_start(exit_reason why) { end_start(notice_kind::start_failed, std::move(why)); }
  void decline_start() { end_start(notice_kind::ignored, reason::normal); }

  void end_start(notice_kind what, exit_reason why) {
    if (life_ != nullptr) destroy_process();
    release_rest();
    hand_back(what, std::move(why));
  }
  void hand_back(notice_kind what, exit_reason why) {
    bond_list watching;
    {
      std::lock_guard lock(mutex_);
      running_ = nullptr;
      sort_in(inbox_.take());
      mail_ = without_private(std::move(mail_), untaken_signal);  // what others have sent goes on waiting
      count_bounded();
      watching = take_watchers(lives_);
    }
    drop_answers();
    const std::uint64_t life = drop_life();
    tell(what, life, why);
    for (auto& b : watching) tell_of_end(b, life, why);
  }

  void tell_of_end(std::shared_ptr<bond> const& b, std::uint64_t life, exit_reason const& why) {
    auto& owner = static_cast<place&>(*b->owner);
    auto arrive = [b, life, why] { fire(b, life, why); };
    if (!is_simulated_ || !plan_->faults->takes_notice(this, owner, arrive)) arrive();
  }

  void destroy_process() {
    inside([](incarnation& life) {
      life.only_destructs = true;
      life.destroy();
    });
  }
  /// Stops what works for the life.
  void release_rest() {
    if (timing_ != nullptr && !planted(planted_mistake::timer_outlives_process)) timing_->timed.disarm_all();
    cancel_all_bonds();
    phase_ = phase::none;
    is_draining_ = false;
    last_message_ = nullptr;
    needs_lock_ = true;
    is_busy_ = false;
  }
  /// Frees the block and the messages of its timers. Answers which life it was.
  std::uint64_t drop_life() {
    if (timing_ != nullptr && !planted(planted_mistake::timer_outlives_process)) timing_->timed.clear();
    life_.reset();
    return lives_;
  }

  void note_message() { last_message_ = &*current_->message_type(); }
  type_id noted_message() const { return last_message_ == nullptr ? type_id() : type_id(*last_message_); }

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

  void reach(fault_point where) {
    if (is_simulated_) plan_->faults->reach(where, *this, current_);
  }
  bool planted(planted_mistake m) const { return is_simulated_ && plan_->faults->planted() == m; }

  /// Runs code of the process, which may be left behind meanwhile: it touches nothing else of this place.
  template <class Function>
  void inside(Function function) {
    incarnation& life = *life_;
    life.held.enter();
    function(life);
    come_back(life);
  }
  /// The same. Answers what leaves it, as a reason.
  template <class Function>
  std::optional<exit_reason> contained(Function function) {
    incarnation& life = *life_;
    life.held.enter();
    auto thrown = detail::caught([&] { function(life); });
    come_back(life);
    return thrown;
  }
  void come_back(incarnation& life) {
    if (!leave_code(life)) throw function_was_left{&life};
  }

  // Touched only by the worker that runs this place.
  std::unique_ptr<incarnation> life_;
  envelope* current_ = nullptr;
  std::uint64_t calls_ = 0;
  phase phase_ = phase::none;
  bool needs_lock_ = true;  // there is more to look at than the mailbox
  bool has_taken_ = false;     // from the mailbox, in this turn or before it
  bool is_turn_over_ = false;  // what is there now has come since it began
  bool is_draining_ = false;
  bool is_busy_ = false;  // in a simulation, until then
  instant busy_until_;
  std::unique_ptr<timing> timing_;
};

inline void left_behind::expire() noexcept { life_->home.runs_->submit(*this); }
inline void left_behind::run() noexcept {
  try {
    if (const auto frame = handled_->begin(*life_)) life_->loop.run(frame);
  } catch (...) {  // nobody is left to be told
  }
  life_->home.discard(*life_);
}

}  // namespace espalier::runtime
