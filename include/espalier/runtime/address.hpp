// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <espalier/process/incarnation.hpp>
#include <espalier/runtime/bond.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/node.hpp>
#include <espalier/runtime/timed_mails.hpp>

// The address of a process: what reaches it from other threads. It holds the mailbox and what was asked, and
// has the process run; what the process makes of it is in place.hpp.
//
// Scheduling. `scheduled_` is true from the submission to the moment when a worker finds, under the lock,
// nothing to do. Whoever adds something to do under the lock and finds it false sets it and submits. So the
// place is in at most one queue or on one worker, and nothing that was added is overlooked.
namespace espalier::runtime {

/// What the engine knows of a place from the tree.
struct place_plan {
  record const* about = nullptr;
  std::unique_ptr<incarnation> (*make)(place&, std::uint64_t number) = nullptr;
  place* const* neighbours = nullptr;
  parent* const* dynamics = nullptr;   // by position among its edges, as the neighbours are
  place* const* partitions = nullptr;  // of a partitioned supervisor, this one among them
  void const* const* environment = nullptr;
  parent* told = nullptr;
  scheduler* runs = nullptr;
  fault_injector* faults = nullptr;  // only in a simulation
  std::uint32_t number = 0;          // of the child, for its parent
};

/// Waits for room in a mailbox: a process, or a thread outside the tree.
class room_waiter {
 public:
  /// There is room, or no mailbox any more. Any thread.
  virtual void go_on(std::uint64_t life) noexcept = 0;

 protected:
  ~room_waiter() = default;
};

class address : public node, public reply_sink, public room_waiter {
 public:
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

  void stop() override { ask(false); }
  void kill() override { ask(true); }

  void park() override {
    envelope_list refused;
    bond_list told;
    waiting_for_room waiting;
    {
      std::lock_guard lock(mutex_);
      availability_ = availability::parked;
      refused = std::move(mail_);
      signals_.clear();
      told = take_watchers();
      waiting = std::exchange(waiting_, {});
    }
    tell_of_room(waiting);
    for (auto& b : told) fire(b, 0, reason::noproc);
    fail_all(refused, reason::noproc);
  }

  void reopen() override {
    std::lock_guard lock(mutex_);
    if (availability_ == availability::parked) availability_ = availability::gap;
  }

  // --- from any thread

  /// Puts a message into the mailbox. It is not taken, and nothing is done, if it would have to wait and may
  /// not, or there is nobody to wait for.
  /// With a `generation`, also if the place has been given to another child since.
  delivery push(envelope& mail, bool may_wait, std::uint64_t generation = 0) {
    std::unique_lock lock(mutex_);
    if (refuses(may_wait) || (generation != 0 && generation != generation_)) return {};
    if (mail_.bounded() >= plan_.about->mailbox && !mail.to_itself) return overflow_with(mail, lock);
    mail_.push(mail);
    if (availability_ == availability::alive) schedule(lock);
    return {true};
  }

  /// Registers who waits for room here. Answers false if there is room.
  bool has_wait_for_room(room_waiter& w, std::uint64_t life) {
    std::lock_guard lock(mutex_);
    if (availability_ == availability::parked || mail_.bounded() < plan_.about->mailbox) return false;
    waiting_.emplace_back(&w, life);
    return true;
  }
  /// This process, as the sender, waits for room in the mailbox of `to`.
  void wait_for_room(address& to) {
    std::uint64_t life = 0;
    {
      std::lock_guard lock(mutex_);
      life = lives_;
      ++rooms_missing_;
    }
    if (!to.has_wait_for_room(*this, life)) go_on(life);
  }
  void go_on(std::uint64_t life) noexcept override {
    std::unique_lock lock(mutex_);
    if (life != lives_ || rooms_missing_ == 0) return;
    if (--rooms_missing_ == 0) schedule(lock);
  }

  /// From a timer of this process.
  void push_timed(timed_mail& due) {
    std::unique_lock lock(mutex_);
    due.posted = true;
    mail_.push(*due.mail);
    schedule(lock);
  }

  void deliver(envelope& answered) noexcept override {
    std::unique_lock lock(mutex_);
    answers_.push(answered);
    schedule(lock);
  }

  /// Sends an exit signal. It overtakes what is queued, unless it is trapped; in a gap it waits for the next
  /// incarnation.
  void signal(exit_signal s, std::unique_ptr<envelope> notice = {}, std::uint64_t generation = 0) {
    std::unique_lock lock(mutex_);
    if (availability_ == availability::parked || (generation != 0 && generation != generation_)) return;
    push_signal(std::move(s), std::move(notice));
    schedule(lock);
  }

  /// Attaches a bond of which this is the target. One to a parked process fires at once.
  void watch(std::shared_ptr<bond> const& b, std::uint64_t generation = 0) {
    {
      std::lock_guard lock(mutex_);
      const bool is_same = generation == 0 || generation == generation_;
      if (availability_ != availability::parked && is_same) {
        b->at = watchers_.insert(watchers_.end(), b);
        b->attached = true;
        return;
      }
    }
    fire(b, 0, reason::noproc);
  }
  void unwatch(bond& b) {
    std::lock_guard lock(mutex_);
    if (std::exchange(b.attached, false)) watchers_.erase(b.at);
  }

  /// Takes a bond of which this is the owner. Answers false, and does nothing, if this is parked.
  bool own(std::shared_ptr<bond> const& b, std::uint64_t generation = 0) {
    std::lock_guard lock(mutex_);
    if (availability_ == availability::parked || (generation != 0 && generation != generation_)) return false;
    if (b->owner_life == 0) b->owner_life = receiving_life();
    b->number = ++bond_numbers_;
    bonds_.emplace(b->number, b);
    return true;
  }
  /// The link that this owns to another process; null if there is none.
  std::shared_ptr<bond> find_link(address const& to) {
    std::lock_guard lock(mutex_);
    for (auto& [number, b] : bonds_) {
      if (b->kind == bond_kind::link && b->target == &to) return b;
    }
    return nullptr;
  }
  /// Gives up a bond of this owner, and what it has delivered. Answers false if there is none of that number.
  bool cancel_bond(std::uint64_t number) {
    std::shared_ptr<bond> b;
    {
      std::lock_guard lock(mutex_);
      const auto at = bonds_.find(number);
      if (at == bonds_.end()) return false;
      b = std::move(at->second);
      bonds_.erase(at);
      b->canceled = true;
      if (b->delivered != nullptr) remove_mail(*b->delivered);
    }
    b->target->unwatch(*b);
    return true;
  }

  void ask_supervisor(envelope& r) { plan_.told->take_request(r, plan_.number); }

  // --- from a dynamic supervisor

  std::uint32_t number() const { return plan_.number; }
  /// Which child the place has been given to; from 1.
  std::uint64_t generation() {
    std::lock_guard lock(mutex_);
    return generation_;
  }
  bool is_of(std::uint64_t g) { return generation() == g; }
  /// The child is gone for good: the place may be given to another one.
  void give_up_generation() {
    {
      std::lock_guard lock(mutex_);
      ++generation_;
      lives_before_ = lives_;
      arguments_.reset();
    }
    park();
  }
  /// What the next lives are built from. While no life is being built.
  void take_arguments(std::shared_ptr<void const> a) { arguments_ = std::move(a); }

  /// Whether a process is there.
  bool is_alive() {
    std::lock_guard lock(mutex_);
    return availability_ == availability::alive;
  }

  bool is_stopping() const { return stop_asked_.load(std::memory_order_relaxed); }

  void stalled() noexcept override {
    std::unique_lock lock(mutex_);
    const std::uint64_t incarnation = lives_ - lives_before_;
    const type_id message = taken_;
    lock.unlock();
    tell(notice_kind::stalled, incarnation, reason::normal, message);
  }

  // --- from the simulation

  record const& about() const { return *plan_.about; }
  /// The incarnation that takes what is pushed now; 0 if that waits for the next one.
  std::uint64_t receiving_life() const { return availability_ == availability::alive ? lives_ : 0; }
  bool refuses(bool may_wait) const {
    return availability_ == availability::parked || (availability_ == availability::gap && !may_wait);
  }
  /// Has the next lives made by another function, and what waits for them put as they understand it.
  template <class Convert>
  void make_by(std::unique_ptr<incarnation> (*make)(place&, std::uint64_t), Convert convert) {
    plan_.make = make;
    envelope_list all = std::move(mail_);
    while (envelope* e = all.pop()) mail_.push(e->timed == 0 && e->bond == 0 ? convert(*e) : *e);
  }

 protected:
  enum class availability : unsigned char { gap, alive, parked };

  explicit address(place_plan plan) : plan_(plan) {}
  ~address() {
    // The system has ended: nothing runs, and all lives have been told as ended.
    fail_all(mail_, reason::noproc);
    drop(answers_);
  }

  /// Has a worker look at this place. Unlocks.
  void schedule(std::unique_lock<std::mutex>& lock) {
    const bool was = std::exchange(scheduled_, true);
    lock.unlock();
    if (!was) plan_.runs->submit(*this);
  }

  void tell(notice_kind what, std::uint64_t life, exit_reason why, type_id message = {}) {
    plan_.told->tell({what, plan_.number, life, std::move(why), message});
  }

  // --- bonds

  /// Those who are to be told of the end of an incarnation; with `born_in`, only of the bonds that were made
  /// by it. Under the lock.
  bond_list take_watchers(std::uint64_t born_in = 0) {
    bond_list taken;
    for (auto at = watchers_.begin(); at != watchers_.end();) {
      const auto b = at++;
      if (born_in != 0 && (*b)->born_in != born_in) continue;
      (*b)->attached = false;
      taken.splice(taken.end(), watchers_, b);
    }
    return taken;
  }
  static void fire(std::shared_ptr<bond> const& b, std::uint64_t incarnation, exit_reason const& why) {
    b->notice.fill_in(incarnation, why);
    b->owner->arrive(*b, why);
  }

  /// At the end of a life.
  void cancel_all_bonds() {
    bond_map all;
    {
      std::lock_guard lock(mutex_);
      all = std::move(bonds_);
      bonds_.clear();
      for (auto& [number, b] : all) b->canceled = true;
    }
    for (auto& [number, b] : all) b->target->unwatch(*b);
  }

  // --- room

  using waiting_for_room = std::vector<std::pair<room_waiter*, std::uint64_t>>;

  /// Who may go on, now that something was taken out of the mailbox. Under the lock.
  waiting_for_room take_waiting() {
    if (waiting_.empty() || mail_.bounded() >= plan_.about->mailbox) return {};
    return std::exchange(waiting_, {});
  }
  static void tell_of_room(waiting_for_room const& waiting) {
    for (auto [w, life] : waiting) w->go_on(life);
  }

  /// Answers all calls; what was kept from an incarnation, with the reason of that one.
  static void fail_all(envelope_list& list, exit_reason const& why) {
    while (envelope* e = list.pop()) fail(*e, e->failure.value_or(why));
  }
  static void drop(envelope_list& list) {
    while (envelope* e = list.pop()) delete e;
  }

  /// Under the lock.
  void push_signal(exit_signal s, std::unique_ptr<envelope> notice) {
    s.notice = notice.release();
    if (s.notice != nullptr) {
      s.notice->bond = untaken_signal;
      mail_.push(*s.notice);
    }
    signals_.push_back(std::move(s));
  }

  /// The list without what was meant for one incarnation only: the messages of its timers, which it owns,
  /// notices but those of `spared`, and if so asked what it has sent itself.
  static envelope_list without_private(envelope_list all, std::uint64_t spared, bool also_own = false) {
    envelope_list out;
    while (envelope* e = all.pop()) {
      if (e->timed != 0) continue;
      if ((e->bond != 0 && e->bond != spared) || (also_own && e->to_itself)) {
        delete e;
      } else {
        out.push(*e);
      }
    }
    return out;
  }

  /// Under the lock.
  void remove_mail(envelope const& gone) {
    for (envelope_list* list : {&mail_, &queued_}) {
      envelope_list all = std::move(*list);
      while (envelope* e = all.pop()) {
        if (e == &gone) {
          delete e;
        } else {
          list->push(*e);
        }
      }
    }
  }

  place_plan plan_;

  std::mutex mutex_;
  envelope_list mail_;
  envelope_list queued_;  // before the stop, and to be handled before it
  envelope_list answers_;
  std::deque<exit_signal> signals_;
  waiting_for_room waiting_;         // for room here
  std::uint64_t rooms_missing_ = 0;  // that the present life waits for elsewhere
  bond_list watchers_;               // to be told of the end
  bond_map bonds_;                   // of this process
  std::uint64_t bond_numbers_ = 0;
  std::uint64_t expired_call_ = 0;
  std::uint64_t lives_ = 0;
  std::uint64_t lives_before_ = 0;  // of the children that the place was given to before
  std::uint64_t generation_ = 1;
  std::shared_ptr<void const> arguments_;
  type_id taken_ = {};  // the type of the message that is handled, from the step that took it out or goes on
  availability availability_ = availability::gap;
  bool scheduled_ = false;
  bool start_asked_ = false;
  bool kill_asked_ = false;
  std::atomic<bool> stop_asked_{false};  // written under the lock

 private:
  void ask(bool to_kill) {
    std::unique_lock lock(mutex_);
    if (start_asked_) {  // not begun: it never will
      start_asked_ = false;
      const std::uint64_t life = lives_;
      lock.unlock();
      tell(notice_kind::start_failed, life, reason::shutdown);
      return;
    }
    if (to_kill) kill_asked_ = true;
    stop_asked_.store(true, std::memory_order_relaxed);  // read by `self.stopping()` in a running handler
    schedule(lock);
  }

  /// Does what the mailbox's option says. Unlocks.
  delivery overflow_with(envelope& mail, std::unique_lock<std::mutex>& lock) {
    switch (plan_.about->when_full) {
      case overflow::suspend:
        mail_.push(mail);
        if (availability_ == availability::alive) schedule(lock);
        return {true, true};
      case overflow::drop_newest:
        lock.unlock();
        fail(mail, reason::no_reply);
        return {true};
      case overflow::drop_oldest: {
        envelope* const oldest = mail_.pop_bounded();
        mail_.push(mail);
        if (availability_ == availability::alive) schedule(lock);
        if (lock.owns_lock()) lock.unlock();
        if (oldest != nullptr) fail(*oldest, reason::no_reply);
        return {true};
      }
      case overflow::crash:
        break;
    }
    const exit_reason why(reason::crashed,
                          "its mailbox is full: " + std::to_string(plan_.about->mailbox) + " messages");
    if (availability_ == availability::alive) {
      signals_.push_back({why, false, lives_});
      schedule(lock);
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
    if (b.canceled) return;
    if (b.kind == bond_kind::link) {
      bonds_.erase(b.number);  // the caller still holds it
      push_signal({why, true, b.owner_life}, std::move(b.notice.mail));
      return schedule(lock);
    }
    envelope* const mail = b.notice.mail.release();
    b.delivered = mail;
    mail->bond = b.number;
    mail_.push(*mail);
    schedule(lock);
  }
};

inline void timed_mail::expire() noexcept { home.push_timed(*this); }

}  // namespace espalier::runtime
