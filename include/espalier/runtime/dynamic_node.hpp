// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <deque>
#include <espalier/process/ref.hpp>
#include <espalier/runtime/place.hpp>
#include <espalier/runtime/supervisor_node.hpp>

// A dynamic supervisor at run time (OTP's simple_one_for_one, reference B). Its children know nothing of each
// other, so it decides for each of them alone:
//
//   1. start      on request: a place is taken from the free ones, or added, and started. The request is
//   answered
//                 when the start has ended. Several starts may be under way at once.
//   2. an end     by itself is judged by the pattern's restart type (B.2). A restart is counted first (B.6);
//   one that
//                 fails is tried again through the queue, and counted again.
//   3. for good   the place is given back: its generation is counted up under its lock, so that what is sent
//   to the
//                 old child reaches nobody, and it is parked until it is taken again.
//   4. stop       from the parent, or giving up: all children are asked at once, under one limit, then killed
//   (B.8).
//
// Places are never freed before the system ends, so a `ref` may be asked at any time.
namespace espalier::runtime {

class dynamic_node final : public notice_inbox {
 public:
  dynamic_node(supervisor_wiring wiring, plan::supervisor_rule rule, place_plan pattern,
               std::string_view path)
      : notice_inbox(*wiring.runs),
        wiring_(wiring),
        pattern_(pattern),
        path_(path),
        ring_(rule.max_restarts),
        window_(ring_.data(), rule.max_restarts, rule.period),
        limit_(*this) {
    pattern_.told = this;
  }

  // --- from the parent

  void park() override {}
  void reopen() override {}

  // --- from the simulation

  bool holds_nothing() const {
    for (slot const& s : slots_) {
      if (!s.process.holds_nothing()) return false;
    }
    return true;
  }
  bool is_settled() const {
    for (slot const& s : slots_) {
      if (s.now != status::free && s.now != status::running) return false;
    }
    return true;
  }

 private:
  enum class phase : unsigned char { ended, serving, ending };
  enum class status : unsigned char { free, starting, running, stopping, retrying };

  struct slot {
    explicit slot(place_plan p) : process(p) {}
    place process;
    status now = status::free;
    bool was_up = false;
    std::uint64_t life = 0;
    envelope* asked = nullptr;  // its start, or its stop
    envelope_list asked_late;   // its stop, again
    exit_reason why;
    type_id message = {};
  };

  struct limit_timer final : timer {
    explicit limit_timer(dynamic_node& of) : home(of) {}
    void expire() noexcept override { home.tell({.what = notice_kind::limit_expired, .life = number}); }
    dynamic_node& home;
    std::uint64_t number = 0;
  };

  void take(notice& n) override {
    if (n.what == notice_kind::start) return begin(n.life);
    if (n.what == notice_kind::stop) return end_with(plan::ending::stopped, nullptr);
    if (n.what == notice_kind::request) return serve(*n.request);
    if (n.what == notice_kind::limit_expired) return overdue(n.life);
    slot& s = slots_[n.child];
    if (n.what == notice_kind::overflowed) {
      return report_about(report_kind::mailbox_overflow, s, report_action::dropping, &n.why, n.message);
    }
    if (n.what == notice_kind::retry) {
      if (s.now == status::retrying && n.life == s.life) restart(s);
      return;
    }
    if (n.life != s.life || s.now == status::free) return;  // of a life that is over
    switch (n.what) {
      case notice_kind::started:
        return came_up(s);
      case notice_kind::ignored:
        if (s.now == status::stopping) return stopped(s);
        return give_back_place(s, child_address{});
      case notice_kind::start_failed:
        return start_failed(s, n);
      case notice_kind::ended:
        return ended(s, n);
      default:
        return;
    }
  }

  // --- requests

  void serve(envelope& r) {
    if (auto* start = dynamic_cast<start_request*>(&r)) return start_child(*start);
    if (auto* stop = dynamic_cast<terminate_request*>(&r)) return terminate_child(*stop);
    auto& list = static_cast<children_request&>(r);
    list.reply.emplace();
    for (slot const& s : slots_) {
      if (s.now == status::free) continue;
      const child_status shown = s.now == status::running    ? child_status::running
                                 : is_first_start(s)         ? child_status::starting
                                 : s.now == status::stopping ? child_status::stopping
                                                             : child_status::restarting;
      list.reply->push_back({pattern_.about->name, shown, false, s.process.incarnations()});
    }
    give_back(list);
  }

  void start_child(start_request& r) {
    if (phase_ != phase::serving) return fail(r, reason::noproc);
    if (static_cast<long long>(slots_.size() - free_.size()) >= wiring_.about->max_children) {
      return fail(r, reason::max_children);
    }
    if (free_.empty()) {
      place_plan p = pattern_;
      p.number = static_cast<plan::child_index>(slots_.size());
      slots_.emplace_back(p);
      free_.push_back(p.number);
    }
    slot& s = slots_[free_.back()];
    free_.pop_back();
    s.process.take_arguments(std::move(r.arguments));
    s.asked = &r;
    s.was_up = false;
    s.why = {};
    start_process(s);
  }

  static bool is_first_start(slot const& s) { return s.now == status::starting && !s.was_up; }
  void start_process(slot& s) {
    s.now = status::starting;
    s.life = s.process.start();
  }

  void terminate_child(terminate_request& r) {
    slot* s = nullptr;
    if (r.child.at->is_of(r.child.generation)) s = &slots_[r.child.at->number()];
    if (s == nullptr || s->now == status::free) return answer(r, child_result::not_found);
    if (s->now == status::stopping) return s->asked_late.push(r);
    s->asked = &r;
    if (s->now == status::retrying) return give_back_place(*s, {});
    stop_process(*s);
    arm_limit();
  }

  static void answer(terminate_request& r, child_result with) {
    r.reply = with;
    give_back(r);
  }

  /// Answers what was asked about a child: its address after a start.
  void answer_asked(slot& s, child_address at) {
    envelope* const r = std::exchange(s.asked, nullptr);
    if (r == nullptr) return;
    if (auto* start = dynamic_cast<start_request*>(r)) {
      start->reply = at;
      give_back(*start);
    } else {
      answer(static_cast<terminate_request&>(*r), child_result::ok);
    }
  }

  // --- children

  void came_up(slot& s) {
    happened(event_kind::started, {});
    if (s.now != status::starting) return;  // being stopped by now; its end will come
    s.now = status::running;
    s.was_up = true;
    if (pattern_.about->restart == restart_kind::temporary) s.process.take_arguments(nullptr);
    answer_asked(s, {&s.process, s.process.generation()});
  }

  void start_failed(slot& s, notice& n) {
    s.why = std::move(n.why);
    if (s.now == status::stopping) return stopped(s);
    if (!s.was_up) {
      envelope* const r = std::exchange(s.asked, nullptr);
      if (r != nullptr) fail(*r, s.why);
      return give_back_place(s, {});
    }
    report_about(report_kind::start_error, s, report_action::retrying, &s.why);
    s.now = status::retrying;
    happened(event_kind::restarting, s.why);
    tell({.what = notice_kind::retry, .child = s.process.number(), .life = s.life});
  }

  void ended(slot& s, notice& n) {
    s.why = std::move(n.why);
    s.message = n.message;
    happened(event_kind::ended, s.why);
    const plan::exit_class how = plan::class_of(s.why.kind());
    record const& r = *pattern_.about;
    if (s.now == status::stopping) {
      const bool as_ordered =
          plan::is_as_ordered(r.restart, r.brutal_kill, how) || (r.brutal_kill && s.why == reason::killed);
      if (!as_ordered) report_about(report_kind::shutdown_error, s, report_action::none, &s.why, s.message);
      return stopped(s);
    }
    if (plan::is_restarted(r.restart, how)) return restart(s);
    if (how == plan::exit_class::abnormal) {
      report_about(report_kind::child_terminated, s, report_action::left_stopped, &s.why, s.message);
    }
    give_back_place(s, {});
  }

  void restart(slot& s) {
    if (phase_ != phase::serving) return give_back_place(s, {});
    const bool is_retry = s.now == status::retrying;
    if (!window_.count(wiring_.runs->now())) {
      wiring_.seen_by->happened({event_kind::gave_up, wiring_.about, s.why});
      report_about(report_kind::reached_max_restart_intensity, s, report_action::giving_up, &s.why,
                   s.message);
      const exit_reason why = s.why;
      give_back_place(s, {});
      return end_with(plan::ending::gave_up, &why);
    }
    if (!is_retry) {
      report_about(report_kind::child_terminated, s, report_action::restarting, &s.why, s.message);
    }
    start_process(s);
  }

  void stop_process(slot& s) {
    s.now = status::stopping;
    ++stopping_;
    if (pattern_.about->brutal_kill) {
      s.process.kill();
    } else {
      s.process.stop();
    }
  }
  void stopped(slot& s) {
    --stopping_;
    if (stopping_ == 0) wiring_.runs->disarm(limit_);
    auto* const interrupted = dynamic_cast<start_request*>(s.asked);
    if (interrupted != nullptr) s.asked = nullptr;
    give_back_place(s, {});
    if (interrupted != nullptr) fail(*interrupted, reason::shutdown);
    if (phase_ == phase::ending && stopping_ == 0) end();
  }

  /// The child is gone for good.
  void give_back_place(slot& s, child_address at) {
    s.process.give_up_generation();
    s.now = status::free;
    free_.push_back(s.process.number());
    answer_asked(s, at);
    while (envelope* late = s.asked_late.pop()) {
      answer(static_cast<terminate_request&>(*late), child_result::not_found);
    }
  }

  // --- its own life

  void begin(std::uint64_t number) {
    life_ = number;
    phase_ = phase::serving;
    window_.clear();
    wiring_.told->tell({.what = notice_kind::started, .child = wiring_.about->number, .life = life_});
  }

  void end_with(plan::ending how, exit_reason const* cause) {
    if (phase_ != phase::serving) return;
    phase_ = phase::ending;
    ending_ = how;
    cause_ = cause == nullptr ? exit_reason() : *cause;
    for (slot& s : slots_) {
      if (s.now == status::retrying) give_back_place(s, {});
      if (s.now == status::starting || s.now == status::running) stop_process(s);
    }
    if (stopping_ == 0) return end();
    arm_limit();
  }

  /// One limit for all that are being stopped, anew with each request.
  void arm_limit() {
    is_killed_ = pattern_.about->brutal_kill;
    limit_.number = ++limits_;
    if (pattern_.about->shutdown != infinity) {
      wiring_.runs->arm(limit_, wiring_.runs->now() + pattern_.about->shutdown);
    }
  }
  void overdue(std::uint64_t number) {
    if (number != limits_ || stopping_ == 0) return;
    for (slot& s : slots_) {
      if (s.now != status::stopping) continue;
      if (is_killed_) {
        report_about(report_kind::still_running, s, report_action::waiting, nullptr);
      } else {
        s.process.kill();
      }
    }
    if (std::exchange(is_killed_, true)) return;
    constexpr duration to_return{100'000'000};
    wiring_.runs->arm(limit_, wiring_.runs->now() + to_return);
  }

  void end() {
    phase_ = phase::ended;
    exit_reason why = reason::shutdown;
    if (ending_ == plan::ending::gave_up) {
      why = {reason::shutdown,
             std::string(wiring_.path) + " gave up on " + std::string(path_) + ": more than " +
                 std::to_string(wiring_.about->max_restarts) + " restarts within " +
                 detail::to_string(wiring_.about->period),
             std::string(path_), cause_};
    }
    wiring_.told->tell(
        {notice_kind::ended, wiring_.about->number, life_, std::move(why), {}, ending_, nullptr});
  }

  void happened(event_kind what, exit_reason const& why) {
    wiring_.seen_by->happened({what, pattern_.about, why});
  }
  void report_about(report_kind kind, slot& s, report_action action, exit_reason const* why,
                    type_id message = {}) {
    const std::string_view affected[] = {path_};
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .child = path_,
                               .child_record = pattern_.about,
                               .incarnation = s.process.incarnations(),
                               .why = why,
                               .message = message,
                               .restarts = window_.counted(),
                               .action = action,
                               .affected = action == report_action::restarting
                                               ? std::span<std::string_view const>(affected)
                                               : std::span<std::string_view const>(),
                               .wait = {}});
  }

  supervisor_wiring const wiring_;
  place_plan pattern_;
  std::string_view const path_;

  // Touched by the worker that runs this supervisor.
  std::deque<slot> slots_;
  std::vector<plan::child_index> free_;
  std::vector<instant> ring_;
  plan::window window_;
  phase phase_ = phase::ended;
  plan::ending ending_ = plan::ending::stopped;
  exit_reason cause_;
  std::uint64_t life_ = 0;
  std::size_t stopping_ = 0;
  limit_timer limit_;
  std::uint64_t limits_ = 0;
  bool is_killed_ = false;
};

}  // namespace espalier::runtime
