// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <atomic>
#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/bond_table.hpp>
#include <espalier/runtime/left_behind.hpp>
#include <espalier/runtime/mailbox.hpp>
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/place_plan.hpp>
#include <espalier/runtime/question.hpp>
#include <espalier/runtime/room_waiter.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <espalier/runtime/timing.hpp>
#include <list>

// The address of a process: what reaches it from other threads. It holds the mailbox and what was asked, and
// has the process run; what the process makes of it is in place.hpp.
//
// Two ways lead in:
//   1. Messages and answers go into the mailbox (mailbox.hpp), which has the process scheduled.
//   2. All else, stops, signals, timers, bonds, is written down under the lock; then `attend` has the process
//      look. A start is, too, if somebody runs the process just then (lives.hpp).
//
// What was taken out of the mailbox stands in `mail_`, oldest first. That belongs to who has the process
// while there is a life: its worker, or its supervisor, which holds it (mailbox.hpp); without one, to who
// holds the lock, or to the supervisor if it is parked. A mailbox with a bound is the exception: who sends to
// it has to count, so its messages go into `mail_` directly, and all of it is under the lock.
namespace espalier::runtime {

class address : public node {
 public:
  // --- from the parent

  void park() override {
    std::unique_lock lock(mutex_);
    park(lock);
  }

  void reopen() override {
    std::lock_guard lock(mutex_);
    if (inbox_.is_parked()) inbox_.unpark();
  }

  // --- from any thread

  /// Puts a message into the mailbox. It is not taken, and nothing is done, if it would have to wait and may
  /// not, or there is nobody to wait for.
  /// With a `generation`, also if the place has been given to another child since. A message that comes too
  /// late to be refused here is refused when it is taken out.
  [[gnu::always_inline]] delivery push(envelope& mail, bool may_wait, std::uint64_t generation = 0) {
    if (is_bounded_) return push_bounded(mail, may_wait, generation);
    if (generation != 0 && generation != generation_.load(std::memory_order_relaxed)) return {};
    mail.set_generation(generation);
    const pushed what = inbox_.push(mail, may_wait);
    if (what == pushed::wakes) submit();
    return {what != pushed::refused};
  }

  /// Whether a message that may wait is taken by a mere `put`, which leaves it to the caller to `submit`.
  bool takes_at_once() const { return !is_bounded_ && !is_simulated_; }
  [[gnu::always_inline]] pushed put(envelope& mail) { return inbox_.push(mail, true); }
  /// The same, in a row, if the calling thread, a worker, runs this process next.
  [[gnu::always_inline]] in_row put_in_row(envelope& mail) {
    worker_slot* const next = worker_slot::mine;
    return next == nullptr ? in_row::no : next->keep(*this, inbox_, mail);
  }
  bool was_put_in_row(envelope const& mail) { return worker_slot::mine->was_kept(*this, mail); }
  void submit() { runs().submit(*this); }

  /// Registers who waits for room here. Answers false if there is room.
  bool has_wait_for_room(room_waiter& w, std::uint64_t life) {
    std::lock_guard lock(mutex_);
    if (inbox_.is_parked() || has_room()) return false;
    rare_part().waiting.emplace_back(&w, life);
    return true;
  }
  /// This process, as the sender, waits for room in the mailbox of `to`.
  void wait_for_room(address& to) {
    std::uint64_t life = 0;
    {
      std::lock_guard lock(mutex_);
      life = last_life();
      ++rare_part().rooms_missing;
    }
    if (!to.has_wait_for_room(rare_->as_waiter, life)) go_on(life);
  }

  /// From the timer of what the process is suspended on, and from that of its messages for later.
  void push_limit() {
    std::unique_lock lock(mutex_);
    limit_expired_ = true;
    attend(lock);
  }
  void push_due() {
    std::unique_lock lock(mutex_);
    mail_is_due_ = true;
    attend(lock);
  }

  void deliver(answerable& answered) noexcept override {
    if (question::takes(*this, answered)) return;
    answered.is_answer = true;
    const pushed what = inbox_.push_private(answered);
    if (what == pushed::wakes) submit();
    if (what == pushed::refused) delete &answered;
  }

  /// Sends an exit signal. It overtakes what is queued, unless it is trapped; in a gap it waits for the next
  /// incarnation.
  void signal(exit_signal s, std::unique_ptr<envelope> notice = {}, std::uint64_t generation = 0) {
    std::unique_lock lock(mutex_);
    if (is_gone(generation)) return;
    push_signal(std::move(s), std::move(notice), lock);
  }

  /// Attaches a bond of which this is the target. One to a parked process fires at once.
  void watch(std::shared_ptr<bond> const& b, std::uint64_t generation = 0) {
    {
      std::lock_guard lock(mutex_);
      if (!is_gone(generation)) return rare_part().bonds.watch(b);
    }
    fire(b, 0, reason::noproc);
  }
  void unwatch(bond& b) {
    std::lock_guard lock(mutex_);
    if (rare_ != nullptr) rare_->bonds.unwatch(b);
  }

  /// Takes a bond of which this is the owner. Answers false, and does nothing, if this is parked.
  bool own(std::shared_ptr<bond> const& b, std::uint64_t generation = 0) {
    std::lock_guard lock(mutex_);
    if (is_gone(generation)) return false;
    if (b->owner_life == 0) b->owner_life = receiving_life();
    rare_part().bonds.own(b);
    return true;
  }
  /// The link that this owns to another process; null if there is none.
  std::shared_ptr<bond> find_link(address const& to) {
    std::lock_guard lock(mutex_);
    return rare_ == nullptr ? nullptr : rare_->bonds.find_link(to);
  }
  /// Gives up a bond of this owner, and what it has delivered. Answers false if there is none of that number.
  bool cancel_bond(std::uint64_t number) {
    std::shared_ptr<bond> b;
    {
      std::lock_guard lock(mutex_);
      if (rare_ != nullptr) b = rare_->bonds.cancel(number);
    }
    if (b == nullptr) return false;
    b->target->unwatch(*b);
    return true;
  }

  void ask_supervisor(envelope& r) { plan_->told->take_request(r, number_); }

  // --- from a dynamic supervisor

  std::uint32_t number() const { return number_; }
  /// Which child the place has been given to; from 1.
  std::uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }
  bool is_of(std::uint64_t g) const { return generation() == g; }
  /// Whether a message is meant for the present child.
  bool is_for_this(envelope const& e) const { return e.generation() == 0 || is_of(e.generation()); }
  /// The child is gone for good: the place may be given to another one.
  void give_up_generation() {
    std::unique_lock lock(mutex_, std::defer_lock);
    // In a parked mailbox nobody leaves anything.
    const bool is_empty = inbox_.is_parked() && rare_ == nullptr && mail_.empty();
    if (!is_empty) lock.lock();
    generation_.store(generation() + 1, std::memory_order_relaxed);
    lives_before_ = static_cast<std::uint32_t>(last_life());
    if (is_empty) return;
    if (rare_ != nullptr) rare_->arguments.reset();
    park(lock);
  }
  /// What the next lives are built from. While no life is being built.
  void take_arguments(std::shared_ptr<void const> a) {
    std::lock_guard lock(mutex_);
    has_arguments_ = a != nullptr;
    if (has_arguments_ || rare_ != nullptr) rare_part().arguments = std::move(a);
  }

  /// Whether a process is there.
  bool is_alive() const { return inbox_.is_alive(); }

  /// Also if it is to be killed. Read by `self.stopping()` in a running handler.
  bool is_stopping() const { return stop_asked_.load(std::memory_order_acquire); }

  bool is_killed() const { return kill_asked_.load(std::memory_order_relaxed); }

  // --- from the simulation

  record const& about() const { return *plan_->about; }
  /// The incarnation that takes what is pushed now; 0 if that waits for the next one.
  std::uint64_t receiving_life() const { return inbox_.is_alive() ? last_life() : 0; }
  bool refuses(bool may_wait) const { return inbox_.is_parked() || (!inbox_.is_alive() && !may_wait); }
  /// Has the next lives made by another function, and what waits for them put as they understand it.
  template <class Convert>
  void make_by(life_maker make, Convert convert) {
    rare& own = rare_part();
    own.plan = std::make_unique<place_plan>(*plan_);
    own.plan->make = make;
    plan_ = own.plan.get();
    sort_in(inbox_.take());
    envelope_list all = std::move(mail_);
    while (envelope* e = all.pop()) mail_.push(e->is_message() ? convert(*e) : *e);
  }

 protected:
  address(place_plan const& plan, std::uint32_t number)
      : plan_(&plan),
        number_(number),
        is_bounded_(plan.about->mailbox != record::no_bound),
        is_simulated_(plan.faults != nullptr) {
    if (is_bounded_) rare_part();
  }
  ~address() {
    // The system has ended: nothing runs, and all lives have been told as ended.
    sort_in(inbox_.park());
    fail_all(mail_, reason::noproc);
    drop_answers();
  }

  /// Has the process look at what was written down, and if so asked be there again. Unlocks.
  void attend(std::unique_lock<short_lock>& lock, bool unparks = false) {
    const bool wakes = inbox_.attend(unparks);
    lock.unlock();
    if (wakes) submit();
  }

  /// Puts what was taken out of the mailbox, the newest first, behind what was taken before, and answers
  /// apart. What is being handled where it was is not among it.
  void sort_in(envelope* newest) {
    envelope* const last = newest;
    envelope* oldest = nullptr;
    bool has_answers = false;
    while (newest != nullptr && !(is_in_place_ && newest->next == nullptr)) {
      envelope* const e = std::exchange(newest, newest->next);
      has_answers |= e->is_answer;
      e->next = oldest;
      oldest = e;
    }
    if (is_in_place_) is_in_place_ = false;
    if (oldest == nullptr) return;
    if (!has_answers) return mail_.push_chain(*oldest, *last);
    while (oldest != nullptr) {
      envelope& e = *std::exchange(oldest, oldest->next);
      if (e.is_answer) {
        e.next = std::exchange(answers_, &e);
      } else {
        mail_.push(e);
      }
    }
  }
  static void drop(envelope* first) {
    while (first != nullptr) delete std::exchange(first, first->next);
  }
  static void drop(envelope_list all) {
    while (envelope* e = all.pop()) delete e;
  }
  /// Of calls that are over.
  void drop_answers() { drop(std::exchange(answers_, nullptr)); }

  [[gnu::always_inline]] void tell(notice_kind what, std::uint64_t life, exit_reason why,
                                   type_id message = {}) {
    plan_->told->tell({what, number_, life, std::move(why), message});
  }

  // --- bonds

  static void fire(std::shared_ptr<bond> const& b, std::uint64_t incarnation, exit_reason const& why) {
    b->notice.fill_in(incarnation, why);
    b->owner->arrive(*b, why);
  }

  // --- room

  using waiting_for_room = std::vector<std::pair<room_waiter*, std::uint64_t>>;

  /// Who may go on, now that something was taken out of the mailbox. Under the lock.
  waiting_for_room take_waiting() {
    if (rare_ == nullptr || rare_->waiting.empty() || !has_room()) return {};
    return std::exchange(rare_->waiting, {});
  }
  /// Counts what now stands in `mail_`. Under the lock.
  void count_bounded() {
    if (!is_bounded_) return;
    rare_->bounded = 0;
    for (envelope const* e = mail_.first(); e != nullptr; e = e->next) rare_->bounded += is_bounded(*e);
  }
  static void tell_of_room(waiting_for_room const& waiting) {
    for (auto [w, life] : waiting) w->go_on(life);
  }

  // --- what few processes have at a time; under the lock

  /// Tells a process that there is room elsewhere.
  struct waiting_process final : room_waiter {
    explicit waiting_process(address& at) : home(at) {}
    void go_on(std::uint64_t life) noexcept override { home.go_on(life); }
    address& home;
  };
  struct rare {
    explicit rare(address& home) : as_waiter(home) {}

    std::list<exit_signal> signals;
    waiting_for_room waiting;  // for room here
    waiting_process as_waiter;
    std::uint64_t rooms_missing = 0;  // that the present life waits for elsewhere
    bond_table bonds;
    std::vector<std::unique_ptr<left_behind>> left;
    envelope_list queued;  // before the stop, and to be handled before it
    std::shared_ptr<void const> arguments;
    std::uint32_t bounded = 0;         // in `mail_`, of those that a bound applies to
    std::unique_ptr<place_plan> plan;  // of one that a simulation makes in its own way
  };
  rare& rare_part() {
    if (rare_ == nullptr) rare_ = std::make_unique<rare>(*this);
    return *rare_;
  }
  /// Whether nobody is there, or another child than that of the generation, if one is given. Under the lock.
  /// The mailbox is asked first: that it is not parked any more may be the doing of the next child's start,
  /// which takes no lock.
  bool is_gone(std::uint64_t generation) const {
    return inbox_.is_parked() || (generation != 0 && !is_of(generation));
  }
  bool has_signals() const { return rare_ != nullptr && !rare_->signals.empty(); }
  std::uint64_t rooms_missing() const { return rare_ == nullptr ? 0 : rare_->rooms_missing; }

  /// Answers all calls; what was kept from an incarnation, with the reason of that one.
  static void fail_all(envelope_list& list, exit_reason const& why) {
    while (envelope* e = list.pop()) {
      answerable const* const c = e->call();
      fail(*e, c == nullptr ? why : exit_reason(c->failure.value_or(why)));
    }
  }
  /// Writes down a signal, and puts its notice into the mailbox. A consumer that comes to the notice has
  /// found the signal before, because attention is asked for first. Unlocks.
  void push_signal(exit_signal s, std::unique_ptr<envelope> notice, std::unique_lock<short_lock>& lock) {
    envelope* const mail = s.notice = notice.release();
    rare_part().signals.push_back(std::move(s));
    const bool wakes = inbox_.attend();
    if (mail != nullptr) {
      mail->set_bond(untaken_signal);
      static_cast<void>(inbox_.push_private(*mail));  // as attention is asked for, the process is scheduled
    }
    lock.unlock();
    if (wakes) submit();
  }

  /// Takes out of the mail what was meant for one incarnation only: the messages of its timers, notices but
  /// those of `spared`, and if so asked what it has sent itself. Under the lock; it is freed without, because
  /// what is in a message may do something when it is destroyed.
  envelope_list take_private(std::uint64_t spared, bool also_own = false) {
    envelope_list all = std::exchange(mail_, {});
    envelope_list out;
    while (envelope* e = all.pop()) {
      if (e->is_repeated()) continue;  // its timer owns it
      const bool is_private =
          e->timed() != 0 || (e->bond() != 0 && e->bond() != spared) || (also_own && e->to_itself);
      (is_private ? out : mail_).push(*e);
    }
    return out;
  }

  scheduler& runs() const { return *plan_->runs; }
  /// Of a mailbox with a bound: whether one more that it applies to has room. Under the lock.
  bool has_room() const { return rare_->bounded < plan_->about->mailbox; }

  /// The present life, or the last one.
  std::uint64_t last_life() const { return lives_.load(std::memory_order_relaxed); }

  // What others touch stands in the first cache line, the worker's in the second (`place::pin_layout`).
  std::atomic<std::uint64_t> generation_{1};  // written while there is no life
  place_plan const* plan_;
  std::uint32_t const number_;      // of the child, for its parent
  std::uint32_t lives_before_ = 0;  // of the children that the place was given to before; its low bits
  bool const is_bounded_ : 1, is_simulated_ : 1;
  std::atomic<bool> stop_asked_{false};  // written by the parent, like the next one
  std::atomic<bool> kill_asked_{false};
  short_lock mutex_;
  bool limit_expired_ : 1 = false;  // under the lock, like the next two
  bool mail_is_due_ : 1 = false;
  bool start_asked_ : 1 = false;
  bool has_arguments_ = false;  // written under the lock, while no life is being built
  // Whether `life_` is there for who has the lock. Set without it, by who has the process.
  std::atomic<bool> is_running_{false};
  mailbox<envelope> inbox_;
  std::atomic<std::uint64_t> lives_{0};  // written by the parent

  std::unique_ptr<rare> rare_;  // under the lock
  std::unique_ptr<timing> timing_;
  envelope_list mail_;           // taken out of the inbox
  envelope* answers_ = nullptr;  // likewise
  bool is_in_place_ = false;     // what is handled is queued in the inbox still, as the oldest there
  bool is_draining_ = false;
  bool is_busy_ = false;      // in a simulation
  bool had_signals_ = false;  // when it looked last

 private:
  void go_on(std::uint64_t life) noexcept {
    std::unique_lock lock(mutex_);
    if (life != last_life() || rooms_missing() == 0) return;
    if (--rare_->rooms_missing == 0) attend(lock);
  }

  /// Unlocks.
  void park(std::unique_lock<short_lock>& lock) {
    sort_in(inbox_.park());
    envelope_list refused = std::move(mail_);
    envelope* const late = std::exchange(answers_, nullptr);
    if (rare_ == nullptr) {
      lock.unlock();
    } else {
      rare_->bounded = 0;
      rare_->signals.clear();
      const waiting_for_room waiting = std::exchange(rare_->waiting, {});
      const bond_list told = rare_->bonds.take_watchers();
      lock.unlock();
      tell_of_room(waiting);
      for (auto& b : told) fire(b, 0, reason::noproc);
    }
    fail_all(refused, reason::noproc);
    drop(late);
  }

  delivery push_bounded(envelope& mail, bool may_wait, std::uint64_t generation) {
    std::unique_lock lock(mutex_);
    if (refuses(may_wait) || is_gone(generation)) return {};
    mail.set_generation(generation);
    if (!has_room() && is_bounded(mail)) return overflow_with(mail, lock);
    add_bounded(mail);
    if (inbox_.is_alive()) attend(lock);
    return {true};
  }
  /// Under the lock.
  void add_bounded(envelope& mail) {
    sort_in(inbox_.take());  // what came before
    mail_.push(mail);
    rare_->bounded += is_bounded(mail);
  }

  /// Does what the mailbox's option says. Unlocks.
  delivery overflow_with(envelope& mail, std::unique_lock<short_lock>& lock) {
    switch (plan_->about->when_full) {
      case overflow::suspend:
        add_bounded(mail);
        if (inbox_.is_alive()) attend(lock);
        return {true, true};
      case overflow::drop_newest:
        lock.unlock();
        fail(mail, reason::no_reply);
        return {true};
      case overflow::drop_oldest: {
        envelope* const oldest = mail_.pop_bounded();
        if (oldest != nullptr) --rare_->bounded;
        add_bounded(mail);
        if (inbox_.is_alive()) attend(lock);
        if (lock.owns_lock()) lock.unlock();
        if (oldest != nullptr) fail(*oldest, reason::no_reply);
        return {true};
      }
      case overflow::crash:
        break;
    }
    const exit_reason why(reason::crashed,
                          "its mailbox is full: " + std::to_string(plan_->about->mailbox) + " messages");
    if (inbox_.is_alive()) {
      rare_part().signals.push_back({why, false, last_life()});
      attend(lock);
    } else {
      lock.unlock();
      tell(notice_kind::overflowed, 0, why, mail.message_type());
    }
    fail(mail, why);
    return {true};
  }

  /// A bond of this owner has fired.
  void arrive(bond& b, exit_reason const& why) {
    std::unique_lock lock(mutex_);
    if (b.canceled || inbox_.is_parked()) return;
    if (b.kind == bond_kind::link) {
      rare_->bonds.forget(b.number);  // the caller still holds it
      return push_signal({why, true, b.owner_life}, std::move(b.notice.mail), lock);
    }
    envelope& mail = *b.notice.mail.release();
    mail.set_bond(b.number);
    const pushed what = inbox_.push_private(mail);
    lock.unlock();
    if (what == pushed::wakes) submit();
  }
};

inline void suspension_limit::expire() noexcept { home.push_limit(); }
inline void mail_limit::expire() noexcept { home.push_due(); }

}  // namespace espalier::runtime
