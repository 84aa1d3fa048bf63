// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/envelope.hpp>
#include <espalier/runtime/scheduler.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <memory>
#include <mutex>
#include <vector>

namespace espalier::runtime {

class address;

/// A message that a process sends itself later, and its timer.
struct timed_mail final : timer, in_block {
  timed_mail(address& at, std::unique_ptr<envelope> what, instant when, duration every)
      : home(at), mail(std::move(what)), due(when), period(every) {}
  void expire() noexcept override;

  address& home;
  std::unique_ptr<envelope> const mail;
  instant due;
  duration const period;
  bool posted = false;  // with `canceled`, under the place's lock
  bool canceled = false;
};

/// The messages that one incarnation has sent itself for later. It owns them, also while they stand in the
/// mailbox or are handled. Used by the worker that runs the place; `guard` is the place's lock.
///
/// Each stands in a slot, and has a number: of the slot, and how often that has been used. So a number of one
/// that is gone means nothing, also when its slot is used again.
class timed_mails {
 public:
  timed_mails(address& home, scheduler& runs, short_lock& guard) : home_(home), runs_(runs), guard_(guard) {}

  /// Arms a message, repeated unless `period` is zero. Answers a number to cancel it by.
  std::uint64_t add(std::unique_ptr<envelope> mail, duration delay, duration period) {
    if (first_free_ == slots_.size()) slots_.push_back({nullptr, first_free_ + 1, 0});
    slot& s = slots_[first_free_];
    const std::uint64_t number = (std::uint64_t{++s.uses} << index_bits) + first_free_ + 1;
    mail->set_timed(number);
    const instant due = runs_.due_after(delay);
    s.timer = std::make_unique<timed_mail>(home_, std::move(mail), due, period);
    first_free_ = s.next_free;
    ++size_;
    runs_.arm(*s.timer, due);
    return number;
  }

  /// Answers whether it was still to come.
  bool cancel(std::uint64_t number) {
    slot* const s = find(number);
    if (s == nullptr || s->timer->canceled) return false;
    if (!runs_.disarm(*s->timer)) {
      std::lock_guard lock(guard_);
      // In the mailbox, or being handled: it is gone once it has been handled.
      if (s->timer->posted) {
        s->timer->canceled = true;
        return s->timer->period != duration{};
      }
    }
    free(*s);
    return true;
  }

  /// Frees a message that has been handled, or arms its timer again. Answers false if it is not one of these.
  bool finish(envelope const& handled) {
    slot* const s = find(handled.timed());
    if (s == nullptr) return false;
    timed_mail& t = *s->timer;
    if (t.period == duration{} || t.canceled) {
      free(*s);
      return true;
    }
    const instant now = runs_.now();
    t.due = t.due + t.period;
    if (t.due <= now) t.due = t.due + t.period * ((now - t.due).nanoseconds / t.period.nanoseconds + 1);
    t.posted = false;
    runs_.arm(t, t.due);
    return true;
  }

  /// Gives away the message being handled, if it is one of these.
  std::unique_ptr<timed_mail> release(envelope const& handled) {
    slot* const s = find(handled.timed());
    return s == nullptr ? nullptr : free(*s);
  }
  void disarm_all() {
    for (slot& s : slots_) {
      if (s.timer != nullptr) runs_.disarm(*s.timer);
    }
  }
  /// Frees all. They have been disarmed, and none stands in the mailbox.
  void clear() {
    for (slot& s : slots_) {
      if (s.timer != nullptr) free(s);
    }
  }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr unsigned index_bits = 32;
  struct slot {
    std::unique_ptr<timed_mail> timer;  // null if it is free
    std::size_t next_free = 0;
    std::uint32_t uses = 0;  // it may wrap
  };

  slot* find(std::uint64_t number) {
    const std::size_t index = static_cast<std::uint32_t>(number) - std::size_t{1};
    if (number == 0 || index >= slots_.size()) return nullptr;
    slot& s = slots_[index];
    return s.timer == nullptr || s.uses != number >> index_bits ? nullptr : &s;
  }
  std::unique_ptr<timed_mail> free(slot& s) {
    s.next_free = first_free_;
    first_free_ = static_cast<std::size_t>(&s - slots_.data());
    --size_;
    return std::move(s.timer);
  }

  address& home_;
  scheduler& runs_;
  short_lock& guard_;
  std::vector<slot> slots_;
  std::size_t first_free_ = 0;  // after the last one: none is free
  std::size_t size_ = 0;
};

}  // namespace espalier::runtime
