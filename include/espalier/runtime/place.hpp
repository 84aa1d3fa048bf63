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

class place final : public address {
 public:
  explicit place(place_plan plan)
      : address(plan), timed_(*this, *plan.runs, mutex_), suspension_timer_(*this) {}

  ~place() {
    // In a simulation that ends before they do.
    for (auto& l : left_) plan_.runs->disarm(*l);
    if (life_ != nullptr) life_->only_destructs = true;
    if (current_ != nullptr) current_->abandon();
    answer_current(reason::noproc);
  }

  /// From any thread.
  delivery post(envelope& mail, bool may_wait, std::uint64_t generation = 0) {
    if (plan_.faults == nullptr) return push(mail, may_wait, generation);
    if (generation != 0 && !is_of(generation)) return {};
    return plan_.faults->post(*this, mail, may_wait);
  }

  /// An exit signal from another process, on that one's worker.
  void post(exit_signal s, std::unique_ptr<envelope> notice, std::uint64_t generation) {
    envelope* const n = notice.release();
    auto arrive = [this, s = std::move(s), n, generation] {
      signal(s, std::unique_ptr<envelope>(n), generation);
    };
    if (plan_.faults == nullptr || !plan_.faults->takes_notice(nullptr, *this, arrive)) arrive();
  }

  // --- from the process, on its worker

  bool calls_may_wait() const { return phase_ == phase::serving && !is_stopping() && !life_->asked_to_stop; }
  /// Only while it serves: a start or an end does not wait for others.
  void wait_for_room_as_server(address& to) {
    if (phase_ == phase::serving) wait_for_room(to);
  }
  return_address next_call() { return {this, ++calls_}; }

  // Around the functions of a life, and its use of its context (left_behind.hpp, 1).
  void enter_code(std::uint64_t life) {
    // Releases what the worker did before to a supervisor that leaves the life behind.
    inside_.store(life, std::memory_order_release);
  }
  /// Answers false if the life has been left behind.
  bool leave_code(std::uint64_t life, std::uint64_t becomes = 0) {
    // Acquires nothing from the supervisor: who fails takes the lock. Releases to its next attempt.
    return inside_.compare_exchange_strong(life, becomes, std::memory_order_acq_rel,
                                           std::memory_order_relaxed);
  }
  bool enter_context(std::uint64_t life) { return leave_code(life, life | in_context); }
  bool is_in_code(std::uint64_t life) const { return inside_.load(std::memory_order_relaxed) == life; }
  /// The same, or uses its context.
  bool is_running(std::uint64_t life) const {
    return (inside_.load(std::memory_order_relaxed) & ~in_context) == life;
  }
  place& neighbour(std::size_t position) { return *plan_.neighbours[position]; }
  place& partition(std::size_t number) { return *plan_.partitions[number]; }
  parent& dynamic(std::size_t position) { return *plan_.dynamics[position]; }
  void const* environment(std::size_t position) { return plan_.environment[position]; }

  void suspend(suspension& s, duration limit) {
    life_->waiting = &s;
    if (limit == infinity) return;
    suspension_timer_.call = s.call;
    plan_.runs->arm(suspension_timer_, plan_.runs->now() + limit);
  }

  std::uint64_t send_later(std::unique_ptr<envelope> mail, duration delay, duration period) {
    return timed_.add(std::move(mail), delay, period);
  }
  bool cancel_later(std::uint64_t number) { return timed_.cancel(number); }

  // --- from the supervisor

  leaving leave_behind() override {
    const std::uint64_t life = lives_;
    envelope* served = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (!leave_code(life)) return is_running(life) ? leaving::in_context : leaving::not_running;
      envelope* const handled = std::exchange(current_, nullptr);
      const bool is_answered_to = handled != nullptr && handled->from.to != nullptr;
      if (is_answered_to) served = new stand_in_answer(*handled);
      auto owner = handled == nullptr ? nullptr : timed_.release(*handled);
      left_.push_back(std::make_unique<left_behind>(std::move(life_), handled, std::move(owner)));
    }  // now the function may return, and all that is gone
    plan_.runs->replace_worker_of(*this);
    if (busy_call_ != 0) plan_.runs->arm(*left_.back(), busy_until_);  // in a simulation it does not yet
    plan_.runs->disarm(suspension_timer_);
    const type_id message = last_message_;
    const bool was_starting = phase_ == phase::starting;
    release_rest();
    if (was_starting) {
      hand_back(notice_kind::start_failed, reason::killed);
    } else {
      hand_over(reason::killed, message, served);
    }
    envelope_list late;
    {
      std::lock_guard lock(mutex_);
      late = std::move(answers_);
      scheduled_ = false;
    }
    drop(late);
    return leaving::done;
  }

  // --- from the simulation

  /// Whether the process takes messages, and nobody ends it.
  bool is_serving() const { return phase_ == phase::serving && !is_stopping(); }
  bool has_timers() const { return !timed_.empty(); }
  std::size_t left_behind_count() const { return left_.size(); }
  bool holds_nothing() const {
    return life_ == nullptr && mail_.empty() && answers_.empty() && timed_.empty() && bonds_.empty() &&
           watchers_.empty();
  }

  // --- from the scheduler

  void run() noexcept override {
    try {
      take_turn();
    } catch (function_was_left const& f) {
      discard(f.life);
    }
  }

 private:
  enum class phase : unsigned char { none, starting, serving, terminating };
  static constexpr std::uint64_t in_context = std::uint64_t{1} << 63;  // beside the number of a life

  void take_turn() {
    // A turn is bounded in messages and in time, so that a process that floods itself does not starve others.
    constexpr duration turn{1'000'000};
    const int batch = plan_.runs->batch();
    const instant end = plan_.runs->now() + turn;
    for (int i = 0; i != batch; ++i) {
      if (!step()) return;
      if (plan_.runs->now() >= end) break;
    }
    plan_.runs->submit(*this);
  }

  friend left_behind;
  /// Destroys a life that was left behind, now that its function has returned. The place may run elsewhere.
  void discard(std::uint64_t life) {
    std::unique_ptr<left_behind> mine;
    {
      std::lock_guard lock(mutex_);
      const auto at = std::find_if(left_.begin(), left_.end(), [&](auto& l) { return l->number() == life; });
      mine = std::move(*at);
      left_.erase(at);
    }
    const std::uint64_t incarnation = life - mine->lives_before();
    mine.reset();
    tell(notice_kind::returned, incarnation, reason::killed);
  }

  struct suspension_timer final : timer {
    explicit suspension_timer(place& at) : home(at) {}
    void expire() noexcept override {
      std::unique_lock lock(home.mutex_);
      home.expired_call_ = call;
      home.schedule(lock);
    }
    place& home;
    std::uint64_t call = 0;
  };

  /// Does one thing. Answers false, with `scheduled_` reset, if there is nothing to do.
  bool step() {
    std::unique_lock lock(mutex_);
    taken_ = last_message_;  // of a handler that goes on
    if (life_ != nullptr) {
      if (busy_call_ != 0) return enter_if_due(lock);
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
      if (!signals_.empty() && phase_ == phase::serving) {
        take_signal(lock);
        return true;
      }
      if (life_->waiting != nullptr && (rooms_missing_ == 0 || life_->waiting->is_call)) {
        return resume_if_answered(lock);
      }
      if (life_->waiting != nullptr || rooms_missing_ != 0) {
        scheduled_ = false;
        return false;
      }
      if (envelope* e = (is_draining_ ? queued_ : mail_).pop()) {
        if (e->bond != 0) bonds_.erase(e->bond);
        const waiting_for_room waiting = take_waiting();
        taken_ = e->message_type();
        lock.unlock();
        tell_of_room(waiting);
        handle(*e);
        return true;
      }
    } else if (start_asked_) {
      start_asked_ = false;
      lock.unlock();
      begin_life();
      return true;
    }
    envelope_list late = std::move(answers_);
    scheduled_ = false;
    lock.unlock();
    drop(late);
    return false;
  }

  /// Whether the stop waits until what was queued before it is handled. Under the lock.
  bool goes_on_draining() {
    if (!plan_.about->drain || phase_ != phase::serving) return false;
    if (!std::exchange(is_draining_, true)) queued_ = std::move(mail_);
    return life_->waiting != nullptr || !queued_.empty();
  }

  bool resume_if_answered(std::unique_lock<std::mutex>& lock) {
    suspension& s = *life_->waiting;
    envelope_list late;
    while (envelope* e = answers_.pop()) {
      if (e->from.call == s.call) {
        s.answer = e;
        break;
      }
      late.push(*e);
    }
    const bool resumes = s.answer != nullptr || expired_call_ == s.call;
    if (!resumes) scheduled_ = false;
    lock.unlock();
    drop(late);
    if (!resumes) return false;
    plan_.runs->disarm(suspension_timer_);
    life_->waiting = nullptr;
    drive(s.frame);
    return true;
  }

  // --- lives; only on the worker

  void begin_life() {
    phase_ = phase::starting;
    bool built = true;
    auto failure = caught([&] { life_ = plan_.make(*this, lives_); });
    if (failure) return fail_start(*failure);
    const auto arguments = arguments_;
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
    e.failure.reset();
    last_message_ = e.message_type();
    if (plan_.faults != nullptr && is_busy(e)) return;
    enter(e);
  }

  void enter(envelope& e) {
    std::coroutine_handle<> frame;
    const auto thrown = contained([&](incarnation& life) {
      reach(fault_point::before_handler);
      frame = e.begin(life);
    });
    if (thrown) return crash(*thrown);
    drive(frame);
  }

  /// Whether the simulation has the process busy for a while; as with a running handler, nothing is taken up
  /// until that is over.
  bool is_busy(envelope const& e) {
    const duration d = plan_.faults->busy(*this, e);
    if (d <= duration{}) return false;
    suspension_timer_.call = busy_call_ = ++calls_;
    busy_until_ = plan_.runs->now() + d;
    plan_.runs->arm(suspension_timer_, busy_until_);
    enter_code(life_->number);
    return true;
  }
  bool enter_if_due(std::unique_lock<std::mutex>& lock) {
    const bool due = expired_call_ == busy_call_;
    if (!due) scheduled_ = false;
    lock.unlock();
    if (!due) return false;
    busy_call_ = 0;
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
      availability_ = availability::alive;
    }
    tell(notice_kind::started, lives_, reason::normal);
  }

  void finish_handler() {
    const auto thrown = contained([this, &served = *current_](incarnation&) {
      served.finish();
      reach(fault_point::after_handler);
    });
    if (thrown) return crash(*thrown);
    envelope& done = *std::exchange(current_, nullptr);
    if (!timed_.finish(done)) give_back(done);
    last_message_ = {};
    if (life_->asked_to_stop) begin_terminate(*life_->asked_to_stop);
  }

  void crash(exit_reason const& why) {
    abandon_current();
    begin_terminate(why);
  }

  /// Takes up the oldest exit signal. Unlocks.
  void take_signal(std::unique_lock<std::mutex>& lock) {
    exit_signal s = std::move(signals_.front());
    signals_.pop_front();
    const bool is_for_it = s.life == 0 || s.life == lives_;
    const bool is_trapped = is_for_it && life_->traps_exits && s.is_trappable;
    if (s.notice != nullptr) {
      if (is_trapped) {
        s.notice->bond = trapped_signal;
      } else {
        remove_mail(*s.notice);
      }
    }
    lock.unlock();
    if (!is_for_it || is_trapped) return;
    if (s.why == reason::killed && !s.is_trappable) return end_killed();
    if (s.why == reason::normal) return;
    leave_handler();
    begin_terminate(s.why);
  }

  /// Gives up what the process is suspended on or busy with.
  void leave_handler() {
    plan_.runs->disarm(suspension_timer_);
    life_->waiting = nullptr;
    if (current_ != nullptr) {
      abandon_current();
    } else {
      last_message_ = {};
    }
  }

  void begin_stop() {
    leave_handler();
    if (phase_ == phase::starting) return fail_start(reason::shutdown);
    envelope_list told;
    waiting_for_room waiting;
    {
      std::lock_guard lock(mutex_);
      if (!plan_.about->keep_mailbox) told = std::move(mail_);
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
    plan_.runs->disarm(suspension_timer_);
    life_->waiting = nullptr;
    if (current_ != nullptr) abandon_current();
    if (phase_ == phase::starting) return fail_start(reason::killed);
    life_->ending = reason::killed;
    end();
  }

  /// The hand-over. After it, this place may be started again at any moment, on another worker.
  void end() {
    const exit_reason why = life_->ending;
    destroy_process();
    const type_id message =
        plan::class_of(why.kind()) == plan::exit_class::abnormal ? last_message_ : type_id{};
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
      queued_.push_all(std::move(mail_));
      mail_ = without_private(std::exchange(queued_, {}), 0, plan_.about->keep_mailbox);
      if (!plan_.about->keep_mailbox && !planted(planted_mistake::mail_outlives_process))
        lost.push_all(std::move(mail_));
      for (envelope* e = mail_.first(); e != nullptr; e = e->next) e->failure = why;  // kept
      watching = take_watchers();
      waiting = take_waiting();
      rooms_missing_ = 0;
      signals_.clear();
      availability_ = availability::gap;
    }
    const bool is_forgotten =
        planted(planted_mistake::caller_not_answered) && served != nullptr && served->from.to != nullptr;
    const bool answers = served != nullptr && served->timed == 0 && !is_forgotten;
    const std::uint64_t life = drop_life();
    if (plan_.faults != nullptr) plan_.faults->ended(*this, why);
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
      mail_ = without_private(std::move(mail_), untaken_signal);  // what others have sent goes on waiting
      watching = take_watchers(lives_);
    }
    const std::uint64_t life = drop_life();
    tell(what, life, why);
    for (auto& b : watching) tell_of_end(b, life, why);
  }

  void tell_of_end(std::shared_ptr<bond> const& b, std::uint64_t life, exit_reason const& why) {
    auto& owner = static_cast<place&>(*b->owner);
    auto arrive = [b, life, why] { fire(b, life, why); };
    if (plan_.faults == nullptr || !plan_.faults->takes_notice(this, owner, arrive)) arrive();
  }

  void destroy_process() {
    inside([](incarnation& life) {
      life.only_destructs = true;
      life.destroy();
    });
  }
  /// Stops what works for the life.
  void release_rest() {
    if (!planted(planted_mistake::timer_outlives_process)) timed_.disarm_all();
    cancel_all_bonds();
    phase_ = phase::none;
    is_draining_ = false;
    last_message_ = {};
    busy_call_ = 0;
  }
  /// Frees the block and the messages of its timers. Answers which life it was.
  std::uint64_t drop_life() {
    if (!planted(planted_mistake::timer_outlives_process)) timed_.clear();
    life_.reset();
    return lives_;
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

  void reach(fault_point where) {
    if (plan_.faults != nullptr) plan_.faults->reach(where, *this, current_);
  }
  bool planted(planted_mistake m) const { return plan_.faults != nullptr && plan_.faults->planted() == m; }

  /// Runs code of the process, which may be left behind meanwhile: it touches nothing else of this place.
  template <class Function>
  void inside(Function function) {
    incarnation& life = *life_;
    enter_code(life.number);
    function(life);
    come_back(life);
  }
  /// The same. Answers what leaves it, as a reason.
  template <class Function>
  std::optional<exit_reason> contained(Function function) {
    incarnation& life = *life_;
    enter_code(life.number);
    const auto thrown = caught([&] { function(life); });
    come_back(life);
    return thrown;
  }
  void come_back(incarnation const& life) {
    if (!leave_code(life.number)) throw function_was_left{life.number};
  }
  template <class Function>
  static std::optional<exit_reason> caught(Function function) {
    try {
      function();
      return {};
    } catch (...) {
      return detail::crash_from_current_exception();
    }
  }

  // Touched only by the worker that runs this place.
  std::unique_ptr<incarnation> life_;
  phase phase_ = phase::none;
  envelope* current_ = nullptr;
  type_id last_message_;
  bool is_draining_ = false;
  std::uint64_t calls_ = 0;
  std::uint64_t busy_call_ = 0;  // its timer ends what the simulation keeps the process busy with
  instant busy_until_;
  timed_mails timed_;
  suspension_timer suspension_timer_;

  std::atomic<std::uint64_t> inside_{0};            // the life whose code runs; left_behind.hpp
  std::vector<std::unique_ptr<left_behind>> left_;  // under the lock
};

inline void left_behind::expire() noexcept { life_->home.plan_.runs->submit(*this); }
inline void left_behind::run() noexcept {
  try {
    if (const auto frame = handled_->begin(*life_)) life_->loop.run(frame);
  } catch (...) {  // nobody is left to be told
  }
  life_->home.discard(number());
}

}  // namespace espalier::runtime
