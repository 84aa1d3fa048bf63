// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <deque>
#include <espalier/process/envelope.hpp>
#include <espalier/runtime/scheduler.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <memory>
#include <mutex>

namespace espalier::runtime {

class address;

/// Room for a message that a process sends itself later, with its timer.
class timed_mail final : public timer {
 public:
  explicit timed_mail(address& at) : home_(at) {}
  void expire() noexcept override;

  /// The message; null if this is free.
  envelope* mail() const { return mail_.get(); }
  /// It stands in the mailbox, or is handled. Under the place's lock.
  void set_posted() { is_posted_ = true; }

 private:
  friend class timed_mails;
  std::uint32_t next_free_ = 0;
  address& home_;
  std::unique_ptr<envelope> mail_;
  duration period_{};
  // Under the place's lock while the timer is armed, or the message is on its way.
  bool is_posted_ = false;
  bool is_canceled_ = false;
};

/// The messages that one incarnation has sent itself for later. It owns them, also while they stand in the
/// mailbox or are handled. Used by the worker that runs the place; `guard` is the place's lock.
///
/// Each has a place here, and a number: of the place, and how many there have been. So a number of one that
/// is gone means nothing, also when its place is used again.
class timed_mails {
 public:
  timed_mails(address& home, scheduler& runs, short_lock& guard) : home_(home), runs_(runs), guard_(guard) {}

  /// Arms a message, repeated unless `period` is zero. Answers a number to cancel it by.
  std::uint64_t add(std::unique_ptr<envelope> mail, duration delay, duration period) {
    const std::uint32_t at = first_free_;
    if (at == all_.size()) {
      all_.emplace_back(home_);
      first_free_ = at + 1;
    } else {
      first_free_ = all_[at].next_free_;
    }
    timed_mail& t = all_[at];
    const std::uint64_t number = (++numbers_ << index_bits) + at + 1;
    mail->set_timed(number);
    t.mail_ = std::move(mail);
    t.period_ = period;
    t.is_posted_ = t.is_canceled_ = false;
    ++size_;
    runs_.arm(t, runs_.due_after(delay));
    return number;
  }

  /// Answers whether it was still to come.
  bool cancel(std::uint64_t number) {
    timed_mail* const t = find(number);
    if (t == nullptr || t->is_canceled_) return false;
    if (!runs_.disarm(*t)) {
      std::lock_guard lock(guard_);
      // In the mailbox, or being handled: it is gone once it has been handled.
      if (t->is_posted_) {
        t->is_canceled_ = true;
        return t->period_ != duration{};
      }
    }
    free(*t);
    return true;
  }

  /// Frees a message that has been handled, or arms its timer again. Answers false if it is not one of these.
  bool finish(envelope const& handled) {
    timed_mail* const t = find(handled.timed());
    if (t == nullptr) return false;
    if (t->period_ == duration{} || t->is_canceled_) {
      free(*t);
      return true;
    }
    const instant now = runs_.now();
    instant due = t->due() + t->period_;
    if (due <= now) due = due + t->period_ * ((now - due).nanoseconds / t->period_.nanoseconds + 1);
    t->is_posted_ = false;
    runs_.arm(*t, due);
    return true;
  }

  /// Gives away the message being handled; null if it is not one of these.
  std::unique_ptr<envelope> release(envelope const& handled) {
    timed_mail* const t = find(handled.timed());
    return t == nullptr ? nullptr : free(*t);
  }
  void disarm_all() {
    for (timed_mail& t : all_) {
      if (t.mail_ != nullptr) runs_.disarm(t);
    }
  }
  /// Frees all. They have been disarmed, and none stands in the mailbox.
  void clear() {
    for (timed_mail& t : all_) t.mail_.reset();  // before any is gone: what is in it may cancel another one
    all_.clear();
    first_free_ = 0;
    size_ = 0;
  }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr unsigned index_bits = 32;

  timed_mail* find(std::uint64_t number) {
    const std::size_t index = static_cast<std::uint32_t>(number) - std::size_t{1};
    if (number == 0 || index >= all_.size()) return nullptr;
    timed_mail& t = all_[index];
    return t.mail_ == nullptr || t.mail_->timed() != number ? nullptr : &t;
  }
  std::unique_ptr<envelope> free(timed_mail& t) {
    t.next_free_ = first_free_;
    first_free_ = static_cast<std::uint32_t>(t.mail_->timed()) - 1;
    --size_;
    return std::move(t.mail_);
  }

  address& home_;
  scheduler& runs_;
  short_lock& guard_;
  std::deque<timed_mail> all_;
  std::uint32_t first_free_ = 0;  // after the last one: none is free
  std::size_t size_ = 0;
  std::uint64_t numbers_ = 0;  // it may wrap, to 32 bits
};

}  // namespace espalier::runtime
