// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/envelope.hpp>
#include <espalier/runtime/scheduler.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace espalier::runtime {

class address;

/// A message that a process sends itself later, and its timer.
struct timed_mail final : timer {
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
class timed_mails {
 public:
  timed_mails(address& home, scheduler& runs, short_lock& guard) : home_(home), runs_(runs), guard_(guard) {}

  /// Arms a message, repeated unless `period` is zero. Answers a number to cancel it by.
  std::uint64_t add(std::unique_ptr<envelope> mail, duration delay, duration period) {
    const std::uint64_t number = ++numbers_;
    mail->set_timed(number);
    const instant due = runs_.now() + delay;
    auto [at, inserted] =
        mails_.try_emplace(number, std::make_unique<timed_mail>(home_, std::move(mail), due, period));
    runs_.arm(*at->second, due);
    return number;
  }

  /// Answers whether it was still to come.
  bool cancel(std::uint64_t number) {
    const auto at = mails_.find(number);
    if (at == mails_.end() || at->second->canceled) return false;
    runs_.disarm(*at->second);
    std::unique_lock lock(guard_);
    // In the mailbox, or being handled: it is gone once it has been handled.
    if (at->second->posted) {
      at->second->canceled = true;
      return at->second->period != duration{};
    }
    lock.unlock();
    mails_.erase(at);
    return true;
  }

  /// Frees a message that has been handled, or arms its timer again. Answers false if it is not one of these.
  bool finish(envelope const& handled) {
    const auto at = mails_.find(handled.timed());
    if (at == mails_.end()) return false;
    timed_mail& t = *at->second;
    if (t.period == duration{} || t.canceled) {
      mails_.erase(at);
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
    auto kept = mails_.extract(handled.timed());
    return kept.empty() ? nullptr : std::move(kept.mapped());
  }
  void disarm_all() {
    for (auto& [number, t] : mails_) runs_.disarm(*t);
  }
  /// Frees all. They have been disarmed, and none stands in the mailbox.
  void clear() { mails_.clear(); }
  bool empty() const { return mails_.empty(); }

 private:
  address& home_;
  scheduler& runs_;
  short_lock& guard_;
  std::uint64_t numbers_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<timed_mail>> mails_;
};

}  // namespace espalier::runtime
