// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <espalier/runtime/deadline.hpp>
#include <espalier/runtime/timed_mails.hpp>

namespace espalier::runtime {

class address;

/// The limit of what a process is suspended on.
struct suspension_limit final : deadline {
  explicit suspension_limit(address& at) : home(at) {}
  void expire() noexcept override;
  address& home;
};
/// When the first of its messages for later is due.
struct mail_limit final : deadline {
  explicit mail_limit(address& at) : home(at) {}
  void expire() noexcept override;
  address& home;
};

/// What a process has that ever waited for time. Touched by who has the process.
struct timing {
  timing(address& home, scheduler const& runs)
      : limit(home), due(home), is_exact(!runs.keeps_stale_timers()) {}

  timed_mails timed;
  suspension_limit limit;
  mail_limit due;
  instant busy_until;   // in a simulation
  bool const is_exact;  // what it is told of the first of its messages

  std::uint64_t send_later(scheduler& runs, std::unique_ptr<envelope> mail, duration delay, duration period) {
    const std::uint64_t number = timed.add(std::move(mail), due_after(runs, delay), period);
    due.follow(runs, timed.first());
    return number;
  }
  std::uint64_t send_later(scheduler& runs, plain_mail const& mail, duration delay) {
    const std::uint64_t number = timed.add(mail, due_after(runs, delay));
    due.follow(runs, timed.first());
    return number;
  }
  bool cancel(scheduler& runs, std::uint64_t number) {
    const timed_mails::canceled c = timed.cancel(number, is_exact);
    if (is_exact) due.follow(runs, timed.first());
    // Last: what is in it may use the context when it is destroyed, and be left behind.
    if (c.mail != nullptr) timed_mails::free(*c.mail);
    return c.was_to_come;
  }
  /// After the time of the first one has come.
  envelope_list take_due(scheduler& runs) {
    due.expired();
    const instant now = runs.now();
    envelope_list out = timed.take_due(now, is_exact);
    // What is still due has found no memory. It is looked at again after a while, or with what is armed next.
    due.follow(runs, timed.first() <= now ? now + duration{1'000'000} : timed.first());
    return out;
  }
  void finish(scheduler& runs, envelope const& handled) {
    if (envelope* const over = timed.finish(handled, runs.now())) return timed_mails::free(*over);
    due.follow(runs, timed.first());
  }
  void clear(scheduler& runs) {
    timed.clear();
    due.clear(runs);
  }

 private:
  /// What is sent with one delay comes in order, also if another worker, which has read the clock before,
  /// sends the second one.
  instant due_after(scheduler& runs, duration delay) {
    if (delay <= duration{}) return runs.now();
    latest_ = std::max(latest_, runs.not_before_now());
    return latest_ + delay;
  }
  instant latest_{};
};

}  // namespace espalier::runtime
