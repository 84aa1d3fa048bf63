// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/node.hpp>
#include <memory>
#include <unordered_map>

// The place of a process: its address for the life of the system. It holds the mailbox and the incarnation,
// if there is one, and takes it from one event to the next.
//
// Scheduling. `scheduled_` is true from the submission to the moment when a worker finds, under the lock,
// nothing to do. Whoever adds something to do under the lock and finds it false sets it and submits. So the
// place is in at most one queue or on one worker, and nothing that was added is overlooked.
//
// A life, as seen by the supervisor: start -> started | ignored | start_failed; after started -> ended, once.
//
//   1. start      a worker builds the process and awaits its `init`. Mail waits. A throw, a stop or a kill
//   now makes it
//                 `start_failed`; the mail goes on waiting for the next attempt.
//   2. serving    one message at a time. While a handler is suspended only its answer, its timeout, a stop or
//   a kill
//                 is taken up.
//   3. end        by a throw, by itself, or by a stop. On a stop a suspended frame is destroyed, and the
//   caller being
//                 served and all queued ones are told; then `terminate` runs and is awaited (SEMANTICS 13,
//                 14).
//   4. hand-over  the process is destroyed and its timers are disarmed; then, under the lock, the queue is
//   taken and
//                 the gap begins: what is sent from now on waits for the next incarnation (2). Then the
//                 supervisor is told, and after it the callers (9).
//   5. gap        until the supervisor starts the next life, or parks the place: then what waits is refused
//   (4).
namespace espalier::runtime {

/// What the engine knows of a place from the tree.
struct place_plan {
  record const* about = nullptr;
  std::unique_ptr<incarnation> (*make)(place&, std::uint64_t number) = nullptr;
  place* const* neighbours = nullptr;
  void const* const* environment = nullptr;
  parent* told = nullptr;
  scheduler* runs = nullptr;
  fault_injector* faults = nullptr;  // only in a simulation
};

class place final : public node, public reply_sink {
 public:
  explicit place(place_plan plan) : plan_(plan), suspension_timer_(*this) {}

  ~place() {
    // The system has ended: nothing runs, and all lives have been told as ended.
    fail_all(mail_, reason::noproc);
    drop_answers(answers_);
  }

  // --- from the parent

  std::uint64_t start() override {
    std::unique_lock lock(mutex_);
    if (availability_ == availability::parked) availability_ = availability::gap;
    start_asked_ = true;
    stop_asked_.store(false, std::memory_order_relaxed);
    kill_asked_ = false;
    const std::uint64_t life = ++lives_;
    schedule(lock);
    return life;
  }

  void stop() override { ask(stop_ask::orderly); }
  void kill() override { ask(stop_ask::kill); }

  void park() override {
    envelope_list refused;
    {
      std::lock_guard lock(mutex_);
      availability_ = availability::parked;
      refused = std::move(mail_);
    }
    fail_all(refused, reason::noproc);
  }

  void reopen() override {
    std::lock_guard lock(mutex_);
    if (availability_ == availability::parked) availability_ = availability::gap;
  }

  // --- from any thread

  bool post(envelope& mail, bool may_wait) {
    std::unique_lock lock(mutex_);
    if (availability_ == availability::parked || (availability_ == availability::gap && !may_wait))
      return false;
    mail_.push(mail);
    if (availability_ == availability::alive) schedule(lock);
    return true;
  }

  void deliver(envelope& answered) noexcept override {
    std::unique_lock lock(mutex_);
    answers_.push(answered);
    schedule(lock);
  }

  bool is_stopping() const { return stop_asked_.load(std::memory_order_relaxed); }

  // --- from the process, on its worker

  bool calls_may_wait() const { return phase_ == phase::serving && !is_stopping() && !life_->asked_to_stop; }
  return_address next_call() { return {this, ++calls_}; }
  place& neighbour(std::size_t position) { return *plan_.neighbours[position]; }
  void const* environment(std::size_t position) { return plan_.environment[position]; }

  void suspend(suspension& s, duration limit) {
    life_->waiting = &s;
    if (limit == infinity) return;
    suspension_timer_.call = s.call;
    plan_.runs->arm(suspension_timer_, plan_.runs->now() + limit);
  }

  std::uint64_t send_later(std::unique_ptr<envelope> mail, duration delay, duration period) {
    const std::uint64_t number = ++timed_mails_;
    mail->timed = number;
    const instant due = plan_.runs->now() + delay;
    auto [at, inserted] =
        timed_.try_emplace(number, std::make_unique<timed_mail>(*this, std::move(mail), due, period));
    plan_.runs->arm(*at->second, due);
    return number;
  }

  bool cancel_later(std::uint64_t number) {
    const auto at = timed_.find(number);
    if (at == timed_.end() || at->second->canceled) return false;
    plan_.runs->disarm(*at->second);
    std::unique_lock lock(mutex_);
    // In the mailbox, or being handled: it is gone once it has been handled.
    if (at->second->posted) {
      at->second->canceled = true;
      return at->second->period != duration{};
    }
    lock.unlock();
    timed_.erase(at);
    return true;
  }

  // --- from the scheduler

  void run() noexcept override {
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

 private:
  enum class availability : unsigned char { gap, alive, parked };
  enum class phase : unsigned char { none, starting, serving, terminating };
  enum class stop_ask : unsigned char { orderly, kill };

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

  struct timed_mail final : timer {
    timed_mail(place& at, std::unique_ptr<envelope> what, instant when, duration every)
        : home(at), mail(std::move(what)), due(when), period(every) {}
    void expire() noexcept override {
      std::unique_lock lock(home.mutex_);
      posted = true;
      home.mail_.push(*mail);
      home.schedule(lock);
    }
    place& home;
    std::unique_ptr<envelope> const mail;
    instant due;
    duration const period;
    bool posted = false;  // under the place's lock
    bool canceled = false;
  };

  /// Has a worker look at this place. Unlocks.
  void schedule(std::unique_lock<std::mutex>& lock) {
    const bool was = std::exchange(scheduled_, true);
    lock.unlock();
    if (!was) plan_.runs->submit(*this);
  }

  void ask(stop_ask what) {
    std::unique_lock lock(mutex_);
    if (start_asked_) {  // not begun: it never will
      start_asked_ = false;
      const std::uint64_t life = lives_;
      lock.unlock();
      tell(notice_kind::start_failed, life, reason::shutdown);
      return;
    }
    if (what == stop_ask::kill) kill_asked_ = true;
    stop_asked_.store(true, std::memory_order_relaxed);  // read by `self.stopping()` in a running handler
    schedule(lock);
  }

  /// Does one thing. Answers false, with `scheduled_` reset, if there is nothing to do.
  bool step() {
    std::unique_lock lock(mutex_);
    if (life_ != nullptr) {
      if (kill_asked_) {
        lock.unlock();
        end_killed();
        return true;
      }
      if (stop_asked_.load(std::memory_order_relaxed) && phase_ != phase::terminating) {
        lock.unlock();
        begin_stop();
        return true;
      }
      if (life_->waiting != nullptr) return resume_if_answered(lock);
      if (envelope* e = mail_.pop()) {
        lock.unlock();
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
    drop_answers(late);
    return false;
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
    drop_answers(late);
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
    const auto failure = contained([&] {
      life_ = plan_.make(*this, lives_);
      reach(fault_point::construct);
      built = life_->construct();
    });
    if (failure) return fail_start(*failure);
    if (life_->asked_to_stop) return fail_start(*life_->asked_to_stop);
    if (!built) return decline_start();
    if (const auto asked = end_asked()) return fail_start(*asked);
    std::coroutine_handle<> frame;
    const auto thrown = contained([&] {
      reach(fault_point::init);
      frame = life_->begin_init();
    });
    if (thrown) return fail_start(*thrown);
    drive(frame);
  }

  void handle(envelope& e) {
    current_ = &e;
    last_message_ = e.message_type();
    std::coroutine_handle<> frame;
    const auto thrown = contained([&] {
      reach(fault_point::before_handler, last_message_);
      frame = e.begin(*life_);
    });
    if (thrown) return crash(*thrown);
    drive(frame);
  }

  /// Resumes `frame`, if there is one, until the process is suspended or what it does is done.
  void drive(std::coroutine_handle<> frame) {
    if (frame) life_->loop.run(frame);
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
    if (const auto thrown = contained([&] { life_->finish_activity(); })) return fail_start(*thrown);
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
    const auto thrown = contained([&] {
      current_->finish();
      reach(fault_point::after_handler, last_message_);
    });
    if (thrown) return crash(*thrown);
    finish_timed(*std::exchange(current_, nullptr));
    last_message_ = {};
    if (life_->asked_to_stop) begin_terminate(*life_->asked_to_stop);
  }

  /// Gives back a message that has been handled, or arms its timer again.
  void finish_timed(envelope& e) {
    const auto at = timed_.find(e.timed);
    if (at == timed_.end()) return give_back(e);
    timed_mail& t = *at->second;
    if (t.period == duration{} || t.canceled) {
      timed_.erase(at);
      return;
    }
    const instant now = plan_.runs->now();
    t.due = t.due + t.period;
    if (t.due <= now) t.due = t.due + t.period * ((now - t.due).nanoseconds / t.period.nanoseconds + 1);
    t.posted = false;
    plan_.runs->arm(t, t.due);
  }

  void crash(exit_reason const& why) {
    current_->abandon();
    begin_terminate(why);
  }

  void begin_stop() {
    plan_.runs->disarm(suspension_timer_);
    life_->waiting = nullptr;
    if (phase_ == phase::starting) return fail_start(reason::shutdown);
    if (current_ != nullptr) {
      current_->abandon();
    } else {
      last_message_ = {};
    }
    envelope_list told;
    {
      std::lock_guard lock(mutex_);
      told = std::move(mail_);
    }
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
    ending_ = why;
    std::coroutine_handle<> frame;
    const auto thrown = contained([&] {
      reach(fault_point::terminate);
      frame = life_->begin_terminate(ending_);
    });
    if (thrown) {
      ending_ = *thrown;
      return end();
    }
    drive(frame);
  }

  void finish_terminate() {
    if (const auto thrown = contained([&] { life_->finish_activity(); })) ending_ = *thrown;
    end();
  }

  void end_killed() {
    plan_.runs->disarm(suspension_timer_);
    life_->waiting = nullptr;
    if (current_ != nullptr) current_->abandon();
    if (phase_ == phase::starting) return fail_start(reason::killed);
    ending_ = reason::killed;
    end();
  }

  /// The hand-over. After it, this place may be started again at any moment, on another worker.
  void end() {
    const exit_reason why = std::exchange(ending_, {});
    const type_id message =
        plan::class_of(why.kind()) == plan::exit_class::abnormal ? last_message_ : type_id{};
    envelope* const served = std::exchange(current_, nullptr);
    release_life();
    envelope_list lost;
    {
      std::lock_guard lock(mutex_);
      lost = without_timed(std::move(mail_));
      availability_ = availability::gap;
    }
    const bool answers = served != nullptr && served->timed == 0;
    tell(notice_kind::ended, drop_life(), why, message);
    if (answers) fail(*served, why);
    fail_all(lost, why);
  }

  void fail_start(exit_reason why) { end_start(notice_kind::start_failed, std::move(why)); }
  void decline_start() { end_start(notice_kind::ignored, reason::normal); }

  void end_start(notice_kind what, exit_reason why) {
    release_life();
    {
      std::lock_guard lock(mutex_);
      mail_ = without_timed(std::move(mail_));  // what others have sent goes on waiting
    }
    tell(what, drop_life(), why);
  }

  /// Destroys the process and stops its timers.
  void release_life() {
    if (life_ != nullptr) life_->destroy();
    for (auto& [number, t] : timed_) plan_.runs->disarm(*t);
    phase_ = phase::none;
    last_message_ = {};
  }
  /// Frees the block and the messages of its timers. Answers which life it was.
  std::uint64_t drop_life() {
    timed_.clear();
    life_.reset();
    return lives_;
  }

  void answer_current(exit_reason const& why) {
    envelope* e = std::exchange(current_, nullptr);
    if (e != nullptr) fail(*e, why);
  }

  /// The list without the messages of this place's own timers, which own them.
  static envelope_list without_timed(envelope_list all) {
    envelope_list out;
    while (envelope* e = all.pop()) {
      if (e->timed == 0) out.push(*e);
    }
    return out;
  }

  static void fail_all(envelope_list& list, exit_reason const& why) {
    while (envelope* e = list.pop()) fail(*e, why);
  }
  static void drop_answers(envelope_list& list) {
    while (envelope* e = list.pop()) delete e;
  }

  void tell(notice_kind what, std::uint64_t life, exit_reason why, type_id message = {}) {
    plan_.told->tell({what, plan_.about->number, life, std::move(why), message});
  }

  void reach(fault_point where, type_id message = {}) {
    if (plan_.faults != nullptr) plan_.faults->reach(where, *plan_.about, lives_, message);
  }

  /// What leaves `function`, as a reason.
  template <class Function>
  static std::optional<exit_reason> contained(Function function) {
    try {
      function();
      return {};
    } catch (...) {
      return detail::crash_from_current_exception();
    }
  }

  place_plan const plan_;

  std::mutex mutex_;
  envelope_list mail_;
  envelope_list answers_;
  std::uint64_t expired_call_ = 0;
  std::uint64_t lives_ = 0;
  availability availability_ = availability::gap;
  bool scheduled_ = false;
  bool start_asked_ = false;
  bool kill_asked_ = false;
  std::atomic<bool> stop_asked_{false};  // written under the lock

  // Touched only by the worker that runs this place.
  std::unique_ptr<incarnation> life_;
  phase phase_ = phase::none;
  envelope* current_ = nullptr;
  exit_reason ending_;
  type_id last_message_;
  std::uint64_t calls_ = 0;
  std::uint64_t timed_mails_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<timed_mail>> timed_;
  suspension_timer suspension_timer_;
};

// --- what incarnation.hpp declares

inline bool post(place& to, envelope& mail, bool may_wait) { return to.post(mail, may_wait); }
inline bool calls_may_wait(place& self) { return self.calls_may_wait(); }
inline void suspend(incarnation& self, suspension& s, duration limit) { self.home.suspend(s, limit); }
inline return_address next_call(place& self) { return self.next_call(); }
inline std::uint64_t send_later(incarnation& self, std::unique_ptr<envelope> mail, duration delay,
                                duration period) {
  return self.home.send_later(std::move(mail), delay, period);
}
inline bool cancel_later(incarnation& self, std::uint64_t number) { return self.home.cancel_later(number); }
inline bool is_stopping(place const& self) { return self.is_stopping(); }
inline place& neighbour(place& self, std::size_t position) { return self.neighbour(position); }
inline void const* environment_of(place& self, std::size_t position) { return self.environment(position); }

}  // namespace espalier::runtime
