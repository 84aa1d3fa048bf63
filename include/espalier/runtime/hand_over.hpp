// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/address.hpp>
#include <espalier/runtime/left_behind.hpp>

// The hand-over at the end of a life. It runs on the worker that has the place, or on its supervisor: of a
// life that is left behind, and of one that is ended at once (lives.hpp).
//
//   1. The process is destroyed.
//   2. Under the lock the queue is taken, and the gap begins: what is sent from now on waits for the next
//      incarnation (SEMANTICS 2), or is refused if there is none.
//   3. Without the lock, and while the context is there, what was meant for that life only is destroyed: it
//      may use the context when that happens. If the life is left behind, so is that (left_behind.hpp). The
//      timers are disarmed.
//   4. The supervisor is told. From then on it may start the next life. If it does so at once, the turn that
//      ends this life goes on with the next one (`ends_here`).
//   5. Links, monitors and callers are told (9).
//
// After a start that failed nothing is taken from the queue but what was meant for that life only.
namespace espalier::runtime {

class hand_overs : public address {
 public:
  /// The function of a life returns, or uses its context (left_behind.hpp). Answers false if the life has
  /// been left behind.
  [[gnu::always_inline]] bool leave_code(incarnation& life, whereabouts to = whereabouts::outside) {
    if (life.held.leave(to)) return true;
    return !is_lost(life);
  }

 protected:
  hand_overs(place_plan const& plan, std::uint32_t number) : address(plan, number) {}
  ~hand_overs() = default;

  place& here();

  [[gnu::noinline]] bool is_lost(incarnation const& life) {
    std::lock_guard lock(mutex_);  // waits for the decision
    return life.held.is_claimed();
  }

  enum class phase : unsigned char { none, asked, starting, serving, terminating };

  // --- code of the process

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
  [[gnu::always_inline]] reason_box contained(Function function) {
    incarnation& life = *life_;
    life.held.enter();
    auto thrown = detail::caught([&] { function(life); });
    come_back(life);
    return thrown;
  }
  [[gnu::always_inline]] void come_back(incarnation& life) {
    if (!leave_code(life)) throw function_was_left{&life};
  }

  // --- the end

  /// The hand-over. After it, this place may be started again at any moment, on another worker. With
  /// `in_message`, what was handled then is named in the report; if not, it has only to be freed.
  void end(bool in_message = true) {
    destroy_process();
    const exit_reason why = std::move(*life_->ending);
    const bool is_told = in_message && plan::class_of(why.kind()) == plan::exit_class::abnormal;
    const type_id message = is_told && current_ != nullptr ? current_->message_type() : type_id{};
    release_rest();
    ends_here = this;
    hand_over(why, message, std::exchange(current_, nullptr));
    ends_here = nullptr;
  }

  /// The same for one that runs no code at its end: it ends and rests by one CAS, which expects that nothing
  /// has come but `only`, if that is given. Answers false if there is more to do; then the caller ends it as
  /// always.
  bool end_and_rest(exit_reason& why, envelope* only) {
    if (timing_ != nullptr || !mail_.empty() || answers_ != nullptr) return false;
    life_->destroy();
    release_rest();
    const std::uint64_t number = last_life();
    std::unique_ptr<incarnation> over;
    {
      std::lock_guard lock(mutex_);
      if (rare_ != nullptr) return false;
      over = std::move(life_);
      if (!inbox_.close_and_rest(only, plan_->is_used_once)) {
        life_ = std::move(over);
        return false;
      }
      is_running_.store(false, std::memory_order_relaxed);
    }
    over.reset();  // the place may run elsewhere
    tell(notice_kind::ended, number, std::move(why));
    return true;
  }

  /// Gives back the mail, and tells everybody.
  void hand_over(exit_reason const& why, type_id message, envelope* served) {
    envelope_list lost;
    envelope_list own;
    envelope* late = nullptr;
    std::optional<parting> others;
    {
      std::lock_guard lock(mutex_);
      is_running_.store(false, std::memory_order_relaxed);
      gather_mail(plan_->is_used_once ? inbox_.park() : inbox_.close());
      late = std::exchange(answers_, nullptr);
      if (!mail_.empty()) {
        own = take_private(0, !planted(planted_mistake::mail_outlives_process));
        lost = sort_out(why);
      }
      count_bounded();
      if (rare_ != nullptr) {
        others = {rare_->bonds.cancel_all(), rare_->bonds.take_watchers(), take_waiting()};
        rare_->rooms_missing = 0;
        rare_->signals.clear();
      }
    }
    if (others) unwatch_all(others->bonds);
    drop(late);
    drop(std::move(own));
    if (served != nullptr && served->call() == nullptr) {
      if (!served->is_repeated()) delete served;
      served = nullptr;
    }
    const bool is_forgotten =
        planted(planted_mistake::caller_not_answered) && served != nullptr && served->call() != nullptr;
    const bool answers = served != nullptr && !is_forgotten;
    const std::uint64_t life = drop_life();
    if (is_simulated_) plan_->faults->ended(here(), why);
    if (planted(planted_mistake::stale_notice_accepted)) tell(notice_kind::ended, life, why, message);
    tell(notice_kind::ended, life, why, message);
    if (others) {
      for (auto& b : others->watching) tell_of_end(b, life, why);
      tell_of_room(others->waiting);
    }
    if (answers) fail(*served, why);
    fail_all(lost, why);
  }
  /// Has all that waits in the mail. Under the lock.
  void gather_mail(envelope* newest) {
    sort_in(newest);
    if (rare_ == nullptr) return;
    envelope_list newer = std::exchange(mail_, std::exchange(rare_->queued, {}));
    mail_.push_all(std::move(newer));
  }
  /// Leaves in the mail what the next incarnation is to get, and answers the rest. Under the lock.
  envelope_list sort_out(exit_reason const& why) {
    if (!plan_->about->keep_mailbox && !planted(planted_mistake::mail_outlives_process))
      return std::exchange(mail_, {});
    for (envelope* e = mail_.first(); e != nullptr; e = e->next) {
      if (answerable* const c = e->call()) c->failure = why;
    }
    return {};
  }

  void fail_start(exit_reason why) { end_start(notice_kind::start_failed, std::move(why)); }
  void decline_start() { end_start(notice_kind::ignored, reason::normal); }

  void end_start(notice_kind what, exit_reason why) {
    if (life_ != nullptr) destroy_process();
    release_rest();
    hand_back(what, std::move(why));
  }
  void hand_back(notice_kind what, exit_reason why) {
    envelope_list own;
    envelope* late = nullptr;
    std::optional<parting> others;
    {
      std::lock_guard lock(mutex_);
      is_running_.store(false, std::memory_order_relaxed);
      sort_in(inbox_.take());
      late = std::exchange(answers_, nullptr);
      own = take_private(untaken_signal);  // what others have sent goes on waiting
      count_bounded();
      if (rare_ != nullptr) others = {rare_->bonds.cancel_all(), rare_->bonds.take_watchers(last_life()), {}};
    }
    if (others) unwatch_all(others->bonds);
    drop(late);
    drop(std::move(own));
    const std::uint64_t life = drop_life();
    tell(what, life, why);
    if (!others) return;
    for (auto& b : others->watching) tell_of_end(b, life, why);
  }
  /// What a life that ends leaves to be told to others; hardly any leaves something.
  struct parting {
    bond_map bonds;  // its own
    bond_list watching;
    waiting_for_room waiting;
  };
  static void unwatch_all(bond_map const& all) {
    for (auto& [number, b] : all) b->target->unwatch(*b);
  }

  void tell_of_end(std::shared_ptr<bond> const& b, std::uint64_t life, exit_reason const& why) {
    place& owner = static_cast<hand_overs&>(*b->owner).here();
    auto arrive = [b, life, why] { fire(b, life, why); };
    if (!is_simulated_ || !plan_->faults->takes_notice(&here(), owner, arrive)) arrive();
  }

  void destroy_process() {
    inside([](incarnation& life) {
      life.only_destructs = true;
      life.destroy();
    });
  }
  /// Stops what works for the life.
  void release_rest() {
    phase_ = phase::none;
    is_draining_ = false;
    needs_lock_ = true;
    is_busy_ = false;
  }
  /// Frees the block and the messages of its timers. Answers which life it was.
  std::uint64_t drop_life() {
    if (timing_ != nullptr && !planted(planted_mistake::timer_outlives_process)) timing_->clear(runs());
    life_.reset();
    return last_life();
  }

  void reach(fault_point where) {
    if (is_simulated_) plan_->faults->reach(where, here(), current_);
  }
  bool planted(planted_mistake m) const { return is_simulated_ && plan_->faults->planted() == m; }

  /// Whose life ends in the turn that this thread takes.
  static inline constinit thread_local hand_overs const* ends_here = nullptr;

  // Touched only by who has the process: the worker that runs this place, or the supervisor that holds it.
  phase phase_ = phase::none;
  bool needs_lock_ = true;     // there is more to look at than the mailbox
  bool has_taken_ = false;     // from the mailbox, in this turn or before it
  bool is_turn_over_ = false;  // what is there now has come since it began
  std::unique_ptr<incarnation> life_;
  envelope* current_ = nullptr;
};

}  // namespace espalier::runtime
