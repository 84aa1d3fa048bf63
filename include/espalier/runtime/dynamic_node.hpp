// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/plan/dynamic_plan.hpp>
#include <espalier/process/ref.hpp>
#include <espalier/runtime/dynamic_slots.hpp>
#include <espalier/runtime/supervisor_node.hpp>

// A dynamic supervisor at run time: as a static one it feeds notices and requests to its plan, one at a time,
// and does what the plan orders.
//
// Places. A child that is gone for good gives its place back: the generation is counted up, so that what is
// sent to the old child reaches nobody, and it is parked until another child takes it. That of a temporary
// process is parked from its end on. Places are never freed before the system ends, so a `ref` may be asked
// at any time.
//
// Limits. A child that is terminated has a limit of its own; all that a stop of the whole ends have one
// together. If it expires they are killed; a function that still runs 100 ms later is left behind, as under a
// static supervisor. Each limit has a number, so that one that expires late means nothing.
namespace espalier::runtime {

class dynamic_node final : public notice_inbox {
 public:
  /// `maker` makes the children if they are supervisors.
  dynamic_node(supervisor_wiring wiring, plan::supervisor_rule rule, place_plan pattern,
               std::string_view path, instance_maker const& maker)
      : notice_inbox(*wiring.runs),
        wiring_(wiring),
        about_(*pattern.about),
        path_(path),
        slots_(pattern, *this, maker),
        ring_(rule.max_restarts),
        decides_(rule, rule_of(about_), static_cast<std::uint64_t>(wiring.about->max_children), ring_.data()),
        limit_(*this, 0) {}

  // --- from the parent

  void park() override {}
  void reopen() override {}

  // --- from the simulation

  bool holds_nothing() const { return slots_.holds_nothing(); }
  bool is_settled() const {
    for (plan::child_index i = 0; i != decides_.size(); ++i) {
      const plan::status s = decides_.child(i).now;
      if (s != plan::status::forgotten && s != plan::status::running) return false;
      if (slots_.branch(i) != nullptr && !slots_.branch(i)->is_settled()) return false;
    }
    return true;
  }
  std::size_t left_behind_count() const { return slots_.left_behind_count(); }

 private:
  using slot = dynamic_slots::slot;

  struct limit_timer final : timer {
    limit_timer(dynamic_node& of, plan::child_index about) : home(of), child(about) {}
    void expire() noexcept override { home.enqueue({.what = what, .child = child, .life = number}); }
    dynamic_node& home;
    plan::child_index const child;
    notice_kind what = notice_kind::limit_expired;
    std::uint64_t number = 0;
    bool killed = false;  // whoever is to stop
  };

  static plan::child_rule rule_of(record const& r) {
    return {r.restart, r.significant, r.brutal_kill, r.backoff_first, r.backoff_max};
  }

  /// What is ordered is known where it is, so what a short life consists of is done without asking.
  auto orders() {
    return [this](plan::order const& o) __attribute__((always_inline)) {
      switch (o.what) {
        case plan::order_kind::start:
          return start_process(o.child);
        case plan::order_kind::left_stopped:
          return leave_stopped(o.child);
        case plan::order_kind::done:
          return answer_asked(o);
        default:
          return obey(o);
      }
    };
  }

  /// When a child that is never restarted starts and ends means nothing to the plan.
  instant now() { return about_.restart == restart_kind::temporary ? instant{} : wiring_.runs->now(); }

  void take_up(plan::child_index i) override { hear_of_start(i, now()); }
  void take(notice& n) override {
    const instant now = this->now();
    const plan::child_index i = n.child;
    if (about_.backs_off) decides_.take_jitter(wiring_.runs->jitter());
    switch (n.what) {
      case notice_kind::start:
        life_ = n.life;
        return decides_.begin(orders());
      case notice_kind::stop:
        return decides_.stop(orders());
      case notice_kind::request:
        return serve(*n.request, i);
      case notice_kind::limit_expired:
        if (n.life == limit_.number) return overdue_all();
        if (limit_timer* const t = timer_of(i, n.life)) overdue(*t);
        return;
      case notice_kind::start_expired:
        if (timer_of(i, n.life) != nullptr) end_start(i);
        return;
      case notice_kind::wait_over:
        if (timer_of(i, n.life) != nullptr) decides_.resume(i, now, orders());
        return;
      case notice_kind::stalled:
        return report_running(report_kind::stalled, n.life, report_action::replacing_worker, n.message);
      case notice_kind::returned:
        return report_running(report_kind::returned, n.life, report_action::destroyed);
      case notice_kind::overflowed:
        return report_about(report_kind::mailbox_overflow, i, report_action::dropping, {}, &n.why, n.message);
      case notice_kind::ended:
        if (is_present(n)) return hear_of_end(n, now);  // and not of a life that is over
        return;
      default:
        if (is_present(n)) return hear(n, now);
    }
  }

  bool is_present(notice const& n) const {
    return static_cast<std::uint32_t>(n.life) == slots_[n.child].life;
  }
  /// Of a child, or about its restart.
  void hear(notice& n, instant now) {
    const plan::child_index i = n.child;
    slot& s = slots_[i];
    switch (n.what) {
      case notice_kind::started:
        return hear_of_start(i, now);
      case notice_kind::ignored:
        return decides_.ignored(i, orders());
      case notice_kind::start_failed:
        note_end(n);
        s.start_failed = true;
        if (decides_.child(i).now == plan::status::starting && decides_.child(i).was_up) {
          report_about(report_kind::start_error, i, report_action::retrying);
        }
        return decides_.start_failed(i, orders());
      case notice_kind::retry:
        take_reason(n);
        return decides_.retry(i, now, orders());
      default:
        return;
    }
  }

  void hear_of_start(plan::child_index i, instant now) {
    slot& s = slots_[i];
    happened(event_kind::started, i, {});
    // What it was started with is not needed again.
    place* const process = slots_.process(i);
    if (about_.restart == restart_kind::temporary && process != nullptr && s.has_arguments) {
      process->take_arguments(nullptr);
    }
    if (decides_.child(i).now == plan::status::starting && !s.start_overdue) forget_timer(i);
    decides_.started(i, now, orders());
  }

  [[gnu::always_inline]] void hear_of_end(notice& n, instant now) {
    const plan::child_index i = n.child;
    note_end(n);
    happened(event_kind::ended, i, why_);
    decides_.child_ended(i, plan::class_of(why_.kind()), now, orders());
  }

  void obey(plan::order const& o) {
    const plan::child_index i = o.child;
    switch (o.what) {
      case plan::order_kind::stop:
        return stop_process(i);
      case plan::order_kind::park:
        return give_back_place(i);
      case plan::order_kind::restarting:
        if (!slots_[i].start_failed) {
          report_about(report_kind::child_terminated, i, report_action::restarting, o.delay);
        }
        return;
      case plan::order_kind::retry:
        happened(event_kind::restarting, i, why_);
        return tell({.what = notice_kind::retry,
                     .child = i,
                     .life = slots_[i].life,
                     .why = why_,
                     .message = noted_message()});
      case plan::order_kind::wait:
        return tell_later(i, notice_kind::wait_over, o.delay);
      case plan::order_kind::misbehaved:
        if (about_.brutal_kill && why_ == reason::killed) return;  // as ordered
        return report_about(report_kind::shutdown_error, i, report_action::none);
      case plan::order_kind::up:
        return wiring_.told->tell({.what = notice_kind::started, .child = wiring_.number, .life = life_});
      case plan::order_kind::giving_up:
        if (wiring_.seen_by->wants_events) {
          wiring_.seen_by->happened({event_kind::gave_up, wiring_.about, why_, this});
        }
        cause_ = why_;
        return report_about(report_kind::reached_max_restart_intensity, i, report_action::giving_up);
      case plan::order_kind::shutting_down:
        return;
      case plan::order_kind::ended:
        return end(o.why);
      case plan::order_kind::start:
      case plan::order_kind::left_stopped:
      case plan::order_kind::done:
        return;  // see `orders`
    }
  }

  void leave_stopped(plan::child_index i) {
    // A clean end of a child that may end is no news (reference A.11).
    if (plan::class_of(why_.kind()) == plan::exit_class::abnormal) {
      report_about(report_kind::child_terminated, i, report_action::left_stopped);
    }
    give_back_place(i);
  }

  // --- requests

  void serve(envelope& r, plan::child_index about) {
    if (auto* start = as<start_request>(r)) return start_child(*start);
    if (auto* stop = as<terminate_request>(r)) return terminate_child(*stop, about);
    auto& list = static_cast<children_request&>(r);
    list.reply.emplace();
    for (plan::child_index i = 0; i != decides_.size(); ++i) {
      const plan::status s = decides_.child(i).now;
      if (s == plan::status::forgotten) continue;
      const child_status shown = s == plan::status::running    ? child_status::running
                                 : is_first_start(i)           ? child_status::starting
                                 : s == plan::status::stopping ? child_status::stopping
                                                               : child_status::restarting;
      list.reply->push_back({about_.name, shown, about_.supervisor, slots_[i].incarnation});
    }
    give_back(list);
  }

  void start_child(start_request& r) {
    if (!decides_.is_serving()) return fail(r, reason::noproc);
    if (decides_.is_full()) return fail(r, reason::max_children);
    decides_.start_child([&](plan::order const& o) {
      if (o.child == slots_.size()) slots_.add();
      slot& s = slots_[o.child];
      s.has_arguments = r.arguments != nullptr;
      place* const process = slots_.process(o.child);
      if (process != nullptr && s.has_arguments) process->take_arguments(std::move(r.arguments));
      r.next = nullptr;
      s.asked = &r;
      orders()(o);
    });
  }

  void terminate_child(terminate_request& r, plan::child_index i) {
    if (!r.child.at->is_of(r.child.generation)) return answer(r, child_result::not_found);
    if (decides_.child(i).is_asked || decides_.child(i).now == plan::status::stopping) {
      envelope** last = &slots_[i].asked;
      while (*last != nullptr) last = &(*last)->next;
      r.next = nullptr;
      *last = &r;
      return;
    }
    r.next = std::exchange(slots_[i].asked, &r);
    decides_.terminate(i, wiring_.runs->now(), orders());
  }

  static void answer(terminate_request& r, child_result with) {
    r.reply = with;
    give_back(r);
  }

  /// What was asked about a child is done.
  void answer_asked(plan::order const& o) {
    slot& s = slots_[o.child];
    envelope& r = *std::exchange(s.asked, s.asked->next);
    auto* const start = as<start_request>(r);
    if (start == nullptr) return answer(static_cast<terminate_request&>(r), child_result::ok);
    if (o.failed) return fail(r, o.why == plan::ending::start_failed ? why_ : reason::shutdown);
    const bool is_up = decides_.child(o.child).now == plan::status::running;
    place& first = slots_.first(o.child);
    start->reply = is_up ? child_address{&first, first.generation()} : child_address{};
    give_back(r);
  }

  // --- children

  void start_process(plan::child_index i) {
    slot& s = slots_[i];
    s.start_failed = s.start_overdue = false;
    const begun_life begun = slots_.child(i).start();
    s.life = static_cast<std::uint32_t>(begun.number);
    ++s.incarnation;
    if (begun.is_up) comes_up_next(i);
    if (about_.start_limit != infinity) {
      tell_later(i, notice_kind::start_expired, about_.start_limit);
    }
  }

  void stop_process(plan::child_index i) {
    if (about_.brutal_kill) {
      slots_.child(i).kill();
    } else {
      slots_.child(i).stop();
    }
    if (has_ended_at_once(i)) return;
    if (!decides_.is_serving() && limit_.number != 0) return;  // all have one limit
    limit_timer& limit = decides_.is_serving() ? timers_.try_emplace(i, *this, i).first->second : limit_;
    limit.killed = about_.brutal_kill;
    arm(limit, notice_kind::limit_expired, about_.shutdown);
  }

  /// The start takes longer than it may: it is stopped, and has failed then.
  void end_start(plan::child_index i) {
    if (decides_.child(i).now != plan::status::starting) return;
    slots_[i].start_overdue = true;
    stop_process(i);
  }

  [[gnu::always_inline]] void note_end(notice& n) {
    slot& s = slots_[n.child];
    take_reason(n);
    if (s.start_overdue) {
      why_ = {reason::timeout, "not started within " + detail::to_string(about_.start_limit)};
    }
    forget_timer(n.child);
  }
  void take_reason(notice& n) {
    why_ = std::move(n.why);
    message_ = n.message ? &*n.message : nullptr;
  }
  type_id noted_message() const { return message_ == nullptr ? type_id() : type_id(*message_); }

  bool is_first_start(plan::child_index i) const {
    return decides_.child(i).now == plan::status::starting && !decides_.child(i).was_up;
  }

  /// The child is gone for good.
  void give_back_place(plan::child_index i) {
    forget_timer(i);
    slot& s = slots_[i];
    s.incarnation = 0;
    if (place* const process = slots_.process(i)) {
      process->give_up_generation();
    } else {
      slots_.branch(i)->give_up_generation();
    }
    if (s.asked != nullptr) refuse_late(i);
  }
  /// Those who have asked for its stop while it was stopped.
  [[gnu::noinline]] void refuse_late(plan::child_index i) {
    slot& s = slots_[i];
    envelope*& late_ones = decides_.child(i).is_asked ? s.asked->next : s.asked;
    for (envelope* late = std::exchange(late_ones, nullptr); late != nullptr;) {
      envelope& r = *std::exchange(late, late->next);
      answer(static_cast<terminate_request&>(r), child_result::not_found);
    }
  }

  // --- limits and waits

  void arm(limit_timer& t, notice_kind what, duration d) {
    wiring_.runs->disarm(t);
    t.what = what;
    t.number = ++numbers_;
    if (d != infinity) wiring_.runs->arm(t, wiring_.runs->due_after(d));
  }
  void tell_later(plan::child_index i, notice_kind what, duration d) {
    arm(timers_.try_emplace(i, *this, i).first->second, what, d);
  }
  void forget_timer(plan::child_index i) {
    if (timers_.empty()) return;  // as a rule
    const auto at = timers_.find(i);
    if (at == timers_.end()) return;
    wiring_.runs->disarm(at->second);
    timers_.erase(at);
  }
  /// The child's timer; null if it is another one than that of this number by now.
  limit_timer* timer_of(plan::child_index i, std::uint64_t number) {
    const auto at = timers_.find(i);
    return at == timers_.end() || at->second.number != number ? nullptr : &at->second;
  }

  void overdue(limit_timer& limit) {
    const bool is_in_context = end_by_force(limit.child, limit.killed);
    if (!about_.supervisor) ask_to_return(limit, is_in_context);
  }
  void overdue_all() {
    bool is_in_context = false;
    for (plan::child_index i = 0; i != decides_.size(); ++i) {
      // Who was being stopped before has a limit of its own.
      if (decides_.child(i).now != plan::status::stopping || timers_.count(i) != 0) continue;
      if (end_by_force(i, limit_.killed)) is_in_context = true;
    }
    if (!about_.supervisor) ask_to_return(limit_, is_in_context);
  }
  /// Answers whether its function runs, but cannot be left behind while it uses its context.
  bool end_by_force(plan::child_index i, bool is_killed) {
    if (about_.supervisor) {  // nobody kills it
      report_about(report_kind::still_running, i, report_action::waiting, {}, nullptr, {});
      return false;
    }
    if (!is_killed) {
      slots_.child(i).kill();
      return false;
    }
    const leaving l = slots_.child(i).leave_behind();
    if (l == leaving::done) {
      report_running(report_kind::quarantined, slots_[i].incarnation, report_action::left_behind);
    }
    return l == leaving::in_context;
  }
  /// Functions have 100 ms to return.
  void ask_to_return(limit_timer& limit, bool is_in_context) {
    constexpr duration to_return{100'000'000};
    constexpr duration to_look_again{1'000'000};
    limit.killed = true;
    arm(limit, notice_kind::limit_expired, is_in_context ? to_look_again : to_return);
  }

  // --- its own life

  /// All children have ended: so does this life.
  void end(plan::ending how) {
    wiring_.runs->disarm(limit_);
    limit_.number = 0;
    exit_reason why = reason::shutdown;
    if (how == plan::ending::gave_up) {
      why = {reason::shutdown,
             std::string(wiring_.path) + " gave up on " + std::string(path_) + ": more than " +
                 std::to_string(wiring_.about->max_restarts) + " restarts within " +
                 detail::to_string(wiring_.about->period),
             std::string(path_), std::exchange(cause_, {})};
    }
    wiring_.told->tell({notice_kind::ended, wiring_.number, life_, std::move(why), {}, how, nullptr});
  }

  [[gnu::always_inline]] void happened(event_kind what, plan::child_index i, exit_reason const& why) {
    if (wiring_.seen_by->wants_events)
      wiring_.seen_by->happened({what, &about_, why, &slots_.child(i), this});
  }
  void report_about(report_kind kind, plan::child_index i, report_action action, duration wait = {}) {
    report_about(kind, i, action, wait, &why_, noted_message());
  }
  /// About a function that runs, or ran, for too long.
  void report_running(report_kind kind, std::uint64_t incarnation, report_action action,
                      type_id message = {}) {
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .child = path_,
                               .child_record = &about_,
                               .incarnation = incarnation,
                               .message = message,
                               .action = action,
                               .affected = {}});
  }
  void report_about(report_kind kind, plan::child_index i, report_action action, duration wait,
                    exit_reason const* why, type_id message) {
    const std::string_view affected[] = {path_};
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .supervisor_node = static_cast<node const*>(this),
                               .child = path_,
                               .child_record = &about_,
                               .incarnation = slots_[i].incarnation,
                               .why = why,
                               .message = message,
                               .restarts = decides_.restarts(),
                               .action = action,
                               .affected = action == report_action::restarting
                                               ? std::span<std::string_view const>(affected)
                                               : std::span<std::string_view const>(),
                               .wait = wait});
  }

  supervisor_wiring const wiring_;
  record const& about_;  // the child
  std::string_view const path_;

  // Touched by the worker that runs this supervisor.
  dynamic_slots slots_;
  std::vector<instant> ring_;
  plan::dynamic_plan<std::vector<plan::dynamic_child>> decides_;
  std::uint64_t life_ = 0;
  exit_reason why_;                     // a child's last life has ended or has not started, as is judged now
  type_name const* message_ = nullptr;  // that it was handling
  exit_reason cause_;                   // of giving up
  limit_timer limit_;                   // of all; number 0: not armed
  std::unordered_map<plan::child_index, limit_timer> timers_;  // of children that start, wait or stop
  std::uint64_t numbers_ = 0;
};

}  // namespace espalier::runtime
