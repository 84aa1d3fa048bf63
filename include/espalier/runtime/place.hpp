// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <espalier/runtime/lives.hpp>

// The place of a process: its address for the life of the system, and the lives that it has there
// (lives.hpp). Here it is decided what is taken up next. All of this runs on one worker at a time.
//
//   1. A turn handles what was in the mailbox when it began.
//   2. While nothing but mail is to be looked at, no lock is taken. `needs_lock_` says that there is more: a
//      life that starts or ends, a stop, signals, a mailbox with a bound.
//   3. A message that waits alone is handled while it stays in the mailbox (mailbox.hpp).
namespace espalier::runtime {

class alignas(64) place final : public lives {
 public:
  /// `plan` outlives it.
  place(place_plan const& plan, std::uint32_t number) : lives(plan, number) {}

  ~place() {
    // In a simulation that ends before they do.
    if (rare_ != nullptr) {
      for (auto& l : rare_->left) runs().disarm(*l);
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
  [[gnu::always_inline]] delivery post(envelope& mail, bool may_wait, std::uint64_t generation = 0) {
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

  bool calls_may_wait() const {
    return phase_ == phase::serving && !is_stopping() && !life_->is_asked_to_stop;
  }
  /// Only while it serves: a start or an end does not wait for others.
  void wait_for_room_as_server(address& to) {
    if (phase_ != phase::serving) return;
    needs_lock_ = true;
    wait_for_room(to);
  }
  /// A number that no other call from this place has had, unless its life has called 2^32 times since.
  return_address next_call() { return {this, (life_->number << 32) + ++life_->calls}; }

  place& neighbour(std::size_t position) { return *plan_->neighbours[position]; }
  place& partition(std::size_t number) { return *plan_->partitions[number]; }
  /// Answers the answer, if that is there already. It is waited for all the same if there is something else
  /// to look at, and now and then: then the turn is over, so that others get theirs, and what was started
  /// runs while it is in the cache.
  answerable* ask_dynamic(std::size_t position, answerable& r) {
    constexpr std::uint8_t most = 16;
    parent& asked = *plan_->dynamics[position];
    if (needs_lock_ || inbox_.has_attention() || ++life_->answered == most) {
      life_->answered = 0;
      is_turn_over_ = true;
      asked.take_request(r, 0);
      return nullptr;
    }
    const question mine(*this, r.from.call);
    asked.take_request(r, 0);
    return mine.answer();
  }
  void const* environment(std::size_t position) { return plan_->environment[position]; }

  void suspend(suspension& s, duration limit) {
    life_->waiting = &s;
    if (limit != infinity) arm(runs().due_after(limit));
  }

  std::uint64_t send_later(std::unique_ptr<envelope> mail, duration delay, duration period) {
    return timing_part().send_later(runs(), std::move(mail), delay, period);
  }
  std::uint64_t send_later(plain_mail const& mail, duration delay) {
    return timing_part().send_later(runs(), mail, delay);
  }
  bool cancel_later(std::uint64_t number) { return timing_ != nullptr && timing_->cancel(runs(), number); }

  // --- from the supervisor

  leaving leave_behind() override {
    envelope* served = nullptr;
    type_id message;
    {
      std::lock_guard lock(mutex_);
      if (!is_running_.load(std::memory_order_acquire)) return leaving::not_running;
      const whereabouts at = life_->held.claim();
      if (at != whereabouts::in_code) {
        return at == whereabouts::outside ? leaving::not_running : leaving::in_context;
      }
      life_->left.store(true, std::memory_order_relaxed);
      is_running_.store(false, std::memory_order_relaxed);
      gather_mail(inbox_.take());  // before what is handled may be freed
      if (current_ != nullptr) message = current_->message_type();
      std::unique_ptr<envelope> handled(std::exchange(current_, nullptr));
      answerable* const called = handled == nullptr ? nullptr : handled->call();
      if (called != nullptr) served = new stand_in_answer(*called);
      if (handled != nullptr && handled->is_repeated()) timing_->timed.give_away(*handled);
      envelope_list own = take_private(untaken_signal, true);
      if (timing_ != nullptr) own.push_all(timing_->timed.take_all());
      rare_part().left.push_back(
          std::make_unique<left_behind>(std::move(life_), std::move(handled), std::move(own)));
    }  // now the function may return, and all that is gone
    runs().replace_worker_of(*this);
    if (is_busy_) runs().arm(*rare_->left.back(), timing_->busy_until);  // in a simulation it does not yet
    disarm();
    const bool was_starting = phase_ == phase::starting;
    release_rest();
    if (was_starting) {
      hand_back(notice_kind::start_failed, reason::killed);
    } else {
      hand_over(reason::killed, message, served);
    }
    inbox_.abandon();
    return leaving::done;
  }

  // --- from the simulation

  /// Whether the process takes messages, and nobody ends it.
  bool is_serving() const { return phase_ == phase::serving && !is_stopping(); }
  using lives::has_timers;
  std::size_t left_behind_count() const { return rare_ == nullptr ? 0 : rare_->left.size(); }
  bool holds_nothing() const {
    return life_ == nullptr && inbox_.is_empty() && mail_.empty() && answers_ == nullptr && !has_timers() &&
           (rare_ == nullptr || rare_->bonds.empty());
  }

  // --- from the pool

  void stalled() noexcept override {
    std::unique_lock lock(mutex_);
    // If not, it is its supervisor that the worker works for.
    if (!is_running_.load(std::memory_order_acquire)) return;
    const std::uint64_t incarnation = which().of_child;
    type_id message;
    // While the life is claimed its worker does not come out of the code.
    if (life_->held.claim() == whereabouts::in_code) {
      if (current_ != nullptr) message = current_->message_type();
      life_->held.unclaim();
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
  void take_turn() {
    // A turn handles what was in the mailbox when it began. It is bounded in messages and in time, too, so
    // that a process that is flooded, or floods itself, does not starve others. The clock is read after 4,
    // 8, 16... messages: seldom if they are short, and soon enough if they are long.
    constexpr duration turn{1'000'000};
    scheduler& scheduling = runs();
    int batch = 1;  // or more, of which most turns make no use
    instant end{};
    has_taken_ = !needs_lock_ && !mail_.empty();  // without a life the mail is others'
    if (has_taken_ && life_->waiting == nullptr) take_mail();
    is_turn_over_ = false;
    int handled = 0;
    int next_look = 4;
    bool goes_on = true;
    while (goes_on && handled < batch && !is_turn_over_) {
      goes_on = step();
      if (!goes_on) break;
      if (++handled == 1) batch = scheduling.batch();
      if (!needs_lock_ && !is_turn_over_ && !mail_.empty() && !is_simulated_ && life_->waiting == nullptr) {
        handled += handle_plain(next_look - handled);
      }
      if (handled < next_look) continue;
      next_look *= 2;
      const instant now = scheduling.now();
      if (handled == 4) end = now + turn;
      if (now >= end) break;
    }
    // Not of this place, which may run elsewhere by now.
    if (handled > 1) scheduling.handled(handled);
    if (!goes_on) return;
    scheduling.resubmit(*this);
  }

  /// Never called: it has the compiler check that senders do not write to what the worker reads all the time.
  static void pin_layout();

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
    const std::uint64_t incarnation = life.shown_number;
    mine.reset();
    tell(notice_kind::returned, incarnation, reason::killed);
  }

  void take_mail() {
    sort_in(inbox_.take());
    if (answers_ != nullptr) drop_answers();
  }

  /// Does one thing. Answers false if the process rests, and this worker has it no more.
  bool step() {
    if (needs_lock_ || inbox_.has_attention()) return step_under_lock();
    if (life_->waiting != nullptr) {
      sort_in(inbox_.take());
      drop(take_answer());
      return resume_if_answered() || !inbox_.rest();
    }
    envelope* e = mail_.pop();
    if (e == nullptr) {
      if (std::exchange(has_taken_, true)) {
        is_turn_over_ = true;
        return !inbox_.rest();
      }
      if (inbox_.is_empty() && answers_ == nullptr) return !inbox_.rest();
      envelope* const only = answers_ == nullptr ? inbox_.only() : nullptr;
      if (only != nullptr && only->is_freed_silently() && is_for_this(*only)) return handle_in_place(*only);
      take_mail();
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
    if (phase_ == phase::asked) {
      begin_life();
      return true;
    }
    // Without a life what there is to do comes with attention.
    if (life_ == nullptr && !inbox_.has_attention()) return !inbox_.rest();
    std::unique_lock lock(mutex_);
    if (inbox_.has_attention()) inbox_.attended();
    had_signals_ = has_signals();
    sort_in(inbox_.take());
    needs_lock_ = true;
    if (limit_expired_) {
      limit_expired_ = false;
      timing_->limit.expired();
    }
    if (!is_busy_ && mail_is_due_) {
      mail_is_due_ = false;
      lock.unlock();  // since arming takes the lock of the timers
      envelope_list due = timing_->take_due(runs());
      lock.lock();
      mail_.push_all(std::move(due));
    }
    if (life_ != nullptr) {
      if (is_busy_) return enter_if_due(lock);
      if (is_killed()) {
        lock.unlock();
        end_killed();
        return true;
      }
      if (is_stopping() && phase_ != phase::terminating && !goes_on_draining()) {
        begin_stop(lock);
        return true;
      }
      if (has_signals() && phase_ == phase::serving) {
        take_signal(lock);
        return true;
      }
      if (life_->waiting != nullptr) {
        const bool may_resume = rooms_missing() == 0 || life_->waiting->is_call;
        needs_lock_ = has_control();
        envelope* const late = take_answer();  // who sends to a mailbox with a bound may sort in another one
        lock.unlock();
        drop(late);
        if (may_resume && resume_if_answered(is_expired())) return true;
        return !inbox_.rest();
      }
      if (rooms_missing() != 0) {
        lock.unlock();
        return !inbox_.rest();
      }
      if (envelope* e = (is_draining_ ? rare_->queued : mail_).pop()) {
        if (!is_draining_ && is_bounded_) rare_->bounded -= is_bounded(*e);
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
      needs_lock_ = has_control_later();
      lock.unlock();
      begin_life();
      return true;
    }
    envelope* const late = std::exchange(answers_, nullptr);
    lock.unlock();
    drop(late);
    return !inbox_.rest();
  }

  /// Whether what the process is suspended on has taken too long.
  bool is_expired() { return timing_ != nullptr && timing_->limit.has_come(runs()); }

  /// Whether the life is to handle a message; if not, it is gone.
  bool is_for_life(envelope& e) {
    if (e.bond() != 0) {
      std::lock_guard lock(mutex_);
      if (e.bond() != trapped_signal && !rare_->bonds.forget(e.bond())) {
        delete &e;
        return false;
      }
    }
    if (is_for_this(e)) return true;
    fail(e, reason::noproc);
    return false;
  }

  /// Handles the only message while it stays in the mailbox. Answers false if the process rests then.
  bool handle_in_place(envelope& only) {
    is_in_place_ = true;
    handle(only);
    if (!is_in_place_) return true;  // the life has ended
    if (current_ != nullptr && phase_ == phase::serving && life_->waiting == nullptr &&
        life_->is_asked_to_stop)
      return end_in_place(only);
    if (current_ == nullptr && !needs_lock_) {
      is_in_place_ = false;
      if (inbox_.rest_behind(only)) {
        envelope::free_silently(only);  // this place may run elsewhere
        return false;
      }
      is_in_place_ = true;
    }
    sort_in(inbox_.take());
    is_turn_over_ |= !mail_.empty();
    if (current_ == nullptr) envelope::free_silently(only);
    return true;
  }

  bool goes_on_draining() {
    if (!plan_->about->drain || phase_ != phase::serving) return false;
    if (!std::exchange(is_draining_, true)) {
      rare_part().queued = std::move(mail_);
      rare_->bounded = 0;
    }
    return life_->waiting != nullptr || !rare_->queued.empty();
  }

  /// Gives what is awaited its answer, if that is there. Answers those that have come too late.
  envelope* take_answer() {
    suspension& s = *life_->waiting;
    envelope* late = nullptr;
    while (envelope* e = answers_) {
      answers_ = e->next;
      auto* const a = static_cast<answerable*>(e);
      if (s.answer == nullptr && a->from.call == s.call) {
        s.answer = a;
      } else {
        e->next = std::exchange(late, e);
      }
    }
    return late;
  }
  bool resume_if_answered(bool expired = false) {
    suspension& s = *life_->waiting;
    if (s.answer == nullptr && !expired) return false;
    disarm();
    life_->waiting = nullptr;
    drive(s.frame);
    return true;
  }

  bool enter_if_due(std::unique_lock<short_lock>& lock) {
    lock.unlock();
    if (runs().now() < timing_->busy_until) return !inbox_.rest();
    is_busy_ = false;
    disarm();
    come_back(*life_);
    enter_simulated(*current_);
    return true;
  }

  /// Takes up the oldest exit signal. Unlocks.
  void take_signal(std::unique_lock<short_lock>& lock) {
    exit_signal s = std::move(rare_->signals.front());
    rare_->signals.pop_front();
    const bool is_for_it = s.life == 0 || s.life == last_life();
    const bool is_trapped = is_for_it && life_->traps_exits && s.is_trappable;
    if (s.notice != nullptr) s.notice->set_bond(is_trapped ? trapped_signal : untrapped_signal);
    lock.unlock();
    if (!is_for_it || is_trapped) return;
    if (s.why == reason::killed && !s.is_trappable) return end_killed();
    if (s.why == reason::normal) return;
    leave_handler();
    begin_terminate(s.why);
  }
};

// `offsetof` is defined for such classes on all compilers that are supported.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
inline void place::pin_layout() {
  constexpr std::size_t line = 64;
  // What others write to, and what only the worker touches, but for what is rare.
  static_assert(offsetof(place, generation_) / line == 0 && offsetof(place, mutex_) / line == 0 &&
                offsetof(place, inbox_) / line == 0 && offsetof(place, lives_) / line == 0);
  static_assert(offsetof(place, rare_) / line == 1 && offsetof(place, mail_) / line == 1 &&
                offsetof(place, answers_) / line == 1 && offsetof(place, is_in_place_) / line == 1 &&
                offsetof(place, life_) / line == 1 && offsetof(place, current_) / line == 1);
  static_assert(sizeof(place) == 2 * line && alignof(place) == line);
}
#pragma GCC diagnostic pop

inline place& hand_overs::here() { return static_cast<place&>(*this); }

inline void left_behind::expire() noexcept { life_->home.runs().submit(*this); }
inline void left_behind::run() noexcept {
  try {
    if (const auto frame = handled_->begin(*life_)) life_->loop.run(frame);
  } catch (...) {  // nobody is left to be told
  }
  life_->home.discard(*life_);
}

}  // namespace espalier::runtime
