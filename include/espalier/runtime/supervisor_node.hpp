// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <deque>
#include <espalier/plan/supervisor_plan.hpp>
#include <espalier/process/ref.hpp>
#include <espalier/runtime/address.hpp>
#include <espalier/runtime/deadline.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/notice_inbox.hpp>
#include <espalier/runtime/observer.hpp>
#include <string>
#include <unordered_map>

// A supervisor at run time: it feeds notices to its plan, one at a time, and does what the plan orders. It
// decides nothing itself.
//
// Stopping a child: the order `stop` goes to the child, and, unless that has it end at once, one timer is
// armed with the child's limit. If it expires, the child is killed; a function that still runs 100 ms later
// is left behind (left_behind.hpp), or, if just then it used its context, as soon as it is seen running. What
// no worker has come to by then has 100 ms more. A `brutal_kill` child is killed at once. A timer that
// expires after the stop has ended, or in the next one, finds that the limit has not come (deadline.hpp).
namespace espalier::runtime {

/// What the engine knows of a supervisor from the tree.
struct supervisor_wiring {
  record const* about = nullptr;
  std::string_view path;
  parent* told = nullptr;
  scheduler* runs = nullptr;
  observer* seen_by = nullptr;
  fault_injector* faults = nullptr;  // only in a simulation
  plan::child_index number = 0;      // of the child, for its parent
};

class supervisor_node final : public notice_inbox {
 public:
  supervisor_node(supervisor_wiring wiring, plan::supervisor_rule rule)
      : notice_inbox(*wiring.runs),
        wiring_(wiring),
        children_(wiring.about->children),
        records_(children_.size()),
        paths_(children_.size()),
        rules_(children_.size()),
        states_(children_.size()),
        lives_(children_.size()),
        ring_(rule.max_restarts),
        decides_(rule, rules_.data(), states_.data(), static_cast<plan::child_index>(children_.size()),
                 ring_.data()),
        limit_(*this),
        start_limit_(*this, notice_kind::start_expired) {}

  /// Takes a child. All must be taken before the first start.
  void adopt(node& child, record const& about, std::string_view path) {
    children_[about.number] = &child;
    records_[about.number] = &about;
    paths_[about.number] = path;
    rules_[about.number] = {about.restart, about.significant, about.brutal_kill, about.backoff_first,
                            about.backoff_max};
    if (about.backs_off) waits_.try_emplace(about.number, *this, notice_kind::wait_over);
  }

  // --- from the parent

  begun_life start() override {
    reopen();
    return notice_inbox::start();
  }
  void park() override {
    for (node* child : children_) child->park();
  }
  void reopen() override {
    for (node* child : children_) child->reopen();
  }

  /// A request about the child of a dynamic supervisor that this belongs to is handed up to that one.
  void take_request(envelope& r, plan::child_index child) noexcept override {
    auto* const end = as<terminate_request>(r);
    if (end != nullptr && end->of_supervisor) return wiring_.told->take_request(r, wiring_.number);
    notice_inbox::take_request(r, child);
  }

  /// A process that must restart with a child.
  void add_dependent(plan::child_index child, address& who) { dependents_.emplace_back(child, &who); }

 private:
  struct limit_timer final : timer {
    limit_timer(supervisor_node& of, notice_kind tells) : home(of), what(tells) {}
    void expire() noexcept override { home.enqueue({.what = what, .child = child, .life = number}); }
    supervisor_node& home;
    notice_kind const what;
    plan::child_index child = 0;
    std::uint64_t number = 0;  // of the life that starts, or of the wait
  };

  struct stop_limit final : deadline {
    explicit stop_limit(supervisor_node& of) : home(of) {}
    void expire() noexcept override { home.enqueue({.what = notice_kind::limit_expired}); }
    supervisor_node& home;
  };

  /// What is remembered of a child's current or last life.
  struct life {
    std::uint64_t number = 0;
    exit_reason why;
    type_id message = {};
    bool start_failed = false;
    bool start_overdue = false;
  };

  auto orders() {
    return [this](plan::order const& o) { obey(o); };
  }

  void take_up(plan::child_index i) override {
    notice n{.what = notice_kind::started, .child = i, .life = lives_[i].number};
    take(n);
  }
  void take(notice& n) override {
    decide(n);
    if (!requests_.empty()) serve_requests();
  }

  void decide(notice& n) {
    const plan::child_index i = n.child;
    const bool from_child = n.what == notice_kind::started || n.what == notice_kind::ignored ||
                            n.what == notice_kind::start_failed || n.what == notice_kind::ended;
    const bool stale = from_child && n.life != lives_[i].number;  // of a life that is over
    if (stale && !planted(planted_mistake::stale_notice_accepted)) return;
    if (planted(planted_mistake::restart_not_counted))
      std::fill(ring_.begin(), ring_.end(), instant{INT64_MIN / 2});
    // The time costs about as much as three locks.
    const bool asks_time = decides_.asks_time() || !waits_.empty();
    const instant now = asks_time ? wiring_.runs->now() : instant{};
    if (!waits_.empty()) decides_.take_jitter(wiring_.runs->jitter());
    switch (n.what) {
      case notice_kind::start:
        life_ = n.life;
        return decides_.begin(orders());
      case notice_kind::stop:
        return decides_.stop(orders());
      case notice_kind::started:
        start_is_over(i);
        happened(event_kind::started, i, {});
        return decides_.started(i, now, orders());
      case notice_kind::ignored:
        stop_is_over(i);
        return decides_.ignored(i, now, orders());
      case notice_kind::start_failed:
        note_end(n);
        lives_[i].start_failed = true;
        if (decides_.child(i).now == plan::status::starting) {
          report_about(report_kind::start_error, i,
                       decides_.is_up() ? report_action::retrying : report_action::giving_up);
        }
        return decides_.start_failed(i, now, orders());
      case notice_kind::ended:
        note_end(n);
        happened(event_kind::ended, i, lives_[i].why);
        return decides_.child_ended(i, plan::class_of(lives_[i].why.kind()), now, orders());
      case notice_kind::retry:
        return decides_.retry(i, now, orders());
      case notice_kind::limit_expired:
        limit_.expired();
        if (limit_.has_come(*wiring_.runs)) overdue(limited_);
        return;
      case notice_kind::overflowed:
        lives_[i].message = n.message;
        return report_about(report_kind::mailbox_overflow, i, report_action::dropping, 0, 0, {}, &n.why);
      case notice_kind::stalled:
        return report_running(report_kind::stalled, i, report_action::replacing_worker, n);
      case notice_kind::returned:
        return report_running(report_kind::returned, i, report_action::destroyed, n);
      case notice_kind::request:
        requests_.push_back({n.request, i});
        return;
      case notice_kind::wait_over:
        if (waits_.at(i).number == n.life) decides_.resume(i, now, orders());
        return;
      case notice_kind::start_expired:
        return end_start(i, n.life);
    }
  }

  void obey(plan::order const& o) {
    const plan::child_index i = o.child;
    switch (o.what) {
      case plan::order_kind::start:
        lives_[i] = {};
        begin_life(i);
        if (records_[i]->start_limit != infinity) {
          start_limit_.child = i;
          start_limit_.number = lives_[i].number;
          wiring_.runs->arm(start_limit_, wiring_.runs->due_after(records_[i]->start_limit));
        }
        return;
      case plan::order_kind::stop:
        return stop_child(i);
      case plan::order_kind::park:
        return children_[i]->park();
      case plan::order_kind::left_stopped:
        children_[i]->park();
        // A clean end of a child that may end is no news (reference A.11).
        if (plan::class_of(lives_[i].why.kind()) == plan::exit_class::abnormal) {
          report_about(report_kind::child_terminated, i, report_action::left_stopped);
        }
        return;
      case plan::order_kind::restarting:
        if (!lives_[i].start_failed) {
          report_about(report_kind::child_terminated, i, report_action::restarting, o.first, o.last, o.delay);
        }
        return;
      case plan::order_kind::retry:
        happened(event_kind::restarting, i, lives_[i].why);
        return tell({.what = notice_kind::retry, .child = i});
      case plan::order_kind::wait: {
        limit_timer& over = waits_.try_emplace(i, *this, notice_kind::wait_over).first->second;
        wiring_.runs->disarm(over);
        over.child = i;
        over.number = ++numbers_of_waits_;
        wiring_.runs->arm(over, wiring_.runs->now() + o.delay);
        return;
      }
      case plan::order_kind::done:
        return answer_request(o.failed ? child_result::start_failed : child_result::ok);
      case plan::order_kind::misbehaved:
        if (records_[i]->brutal_kill && lives_[i].why == reason::killed) return;  // as ordered
        return report_about(report_kind::shutdown_error, i, report_action::none);
      case plan::order_kind::up:
        return wiring_.told->tell({.what = notice_kind::started, .child = wiring_.number, .life = life_});
      case plan::order_kind::giving_up:
        if (wiring_.seen_by->wants_events) {
          wiring_.seen_by->happened({event_kind::gave_up, wiring_.about, lives_[i].why, this});
        }
        return report_about(report_kind::reached_max_restart_intensity, i, report_action::giving_up);
      case plan::order_kind::shutting_down:
        return;
      case plan::order_kind::ended:
        return end(o);
    }
  }

  void begin_life(plan::child_index i) {
    const begun_life begun = children_[i]->start();
    lives_[i].number = begun.number;
    if (begun.is_up) comes_up_next(i);
  }

  // --- requests: one at a time, while the plan serves

  struct asked {
    envelope* what = nullptr;
    plan::child_index child = 0;
  };

  [[gnu::noinline]] void serve_requests() {
    while (!requests_.empty() && !is_requested_ && (decides_.is_serving() || decides_.is_ended())) {
      const auto [r, child] = requests_.front();
      if (auto* const about = as<child_request>(*r)) {
        serve_request(about->kind, refusal(*about, child), child);
      } else if (auto* const end = as<terminate_request>(*r)) {
        serve_request(child_request_kind::terminate, refusal(*end, child), child);
      } else {
        answer_list();
      }
    }
  }

  void serve_request(child_request_kind kind, std::optional<child_result> refused, plan::child_index i) {
    if (refused) return answer_request(*refused);
    begin_request(kind, i);
  }

  /// What the table of B.12 says without anything being done.
  std::optional<child_result> refusal(child_request const& r, plan::child_index i) {
    if (decides_.is_ended()) return child_result::noproc;
    if (r.asked_by != nullptr && is_below(*r.asked_by)) return child_result::below;
    const plan::status s = decides_.child(i).now;
    if (s == plan::status::forgotten) return child_result::not_found;
    if (r.kind != child_request_kind::restart) return {};
    if (s == plan::status::running) return child_result::running;
    if (s == plan::status::retrying || s == plan::status::waiting) return child_result::restarting;
    for (auto [child, who] : dependents_) {
      if (child == i && who->is_alive()) return child_result::needed;
    }
    return {};
  }
  /// The same of a process inside a child of a dynamic supervisor, by its `ref`.
  std::optional<child_result> refusal(terminate_request const& r, plan::child_index i) {
    if (!static_cast<address*>(children_[i])->is_of(r.child.generation)) return child_result::not_found;
    return refusal(child_request(child_request_kind::terminate), i);
  }
  bool is_below(address const& who) const {
    record const* const all = wiring_.about - records_[0]->parent;
    return &who.about() > wiring_.about && &who.about() < all + wiring_.about->end;
  }

  void begin_request(child_request_kind kind, plan::child_index i) {
    is_requested_ = true;
    if (wiring_.faults != nullptr && kind != child_request_kind::terminate) {
      wiring_.faults->requested(*records_[i]);
    }
    const instant now = wiring_.runs->now();
    switch (kind) {
      case child_request_kind::terminate:
        return decides_.terminate(i, now, orders());
      case child_request_kind::restart:
        return decides_.start_again(i, now, orders());
      case child_request_kind::restart_group:
        return decides_.restart_group(i, now, orders());
    }
  }

  void answer_request(child_result r) {
    auto* const done = static_cast<request<child_result>*>(requests_.front().what);
    requests_.pop_front();
    is_requested_ = false;
    done->reply = r;
    give_back(*done);
  }
  void answer_list() {
    auto* const list = static_cast<children_request*>(requests_.front().what);
    requests_.pop_front();
    list->reply.emplace();
    for (plan::child_index i = 0; i != decides_.size() && !decides_.is_ended(); ++i) {
      const plan::status s = decides_.child(i).now;
      if (s == plan::status::forgotten) continue;
      const child_status shown = s == plan::status::running    ? child_status::running
                                 : s == plan::status::starting ? child_status::starting
                                 : s == plan::status::stopping ? child_status::stopping
                                 : s == plan::status::stopped  ? child_status::stopped
                                                               : child_status::restarting;
      list->reply->push_back({records_[i]->name, shown, records_[i]->supervisor, lives_[i].number});
    }
    give_back(*list);
  }

  void stop_child(plan::child_index i) {
    record const& r = *records_[i];
    limited_ = i;
    killed_ = r.brutal_kill;
    if (killed_) {
      children_[i]->kill();
    } else {
      children_[i]->stop();
    }
    if (has_ended_at_once(i)) return;
    if (r.shutdown != infinity) {
      limit_.set(*wiring_.runs, wiring_.runs->due_after(r.shutdown));
    } else {
      limit_.clear(*wiring_.runs);  // of another child, whose start was stopped
    }
  }

  void overdue(plan::child_index i) {
    if (decides_.child(i).now != plan::status::stopping && !lives_[i].start_overdue) return;
    if (records_[i]->supervisor) return report_about(report_kind::still_running, i, report_action::waiting);
    constexpr duration to_return{100'000'000};
    constexpr duration to_look_again{1'000'000};
    duration wait = to_return;
    if (!std::exchange(killed_, true)) {
      children_[i]->kill();
    } else if (const leaving l = children_[i]->leave_behind(); l == leaving::done) {
      const notice left{.life = lives_[i].number};
      return report_running(report_kind::quarantined, i, report_action::left_behind, left);
    } else if (l == leaving::in_context) {
      wait = to_look_again;
    }
    limit_.set(*wiring_.runs, wiring_.runs->now() + wait);
  }

  /// The start takes longer than it may: it is stopped, and has failed then.
  void end_start(plan::child_index i, std::uint64_t number) {
    if (lives_[i].number != number || decides_.child(i).now != plan::status::starting) return;
    lives_[i].start_overdue = true;
    stop_child(i);
  }

  void note_end(notice& n) {
    lives_[n.child].why = std::move(n.why);
    if (lives_[n.child].start_overdue) {
      lives_[n.child].why = {reason::timeout,
                             "not started within " + detail::to_string(records_[n.child]->start_limit)};
    }
    lives_[n.child].message = n.message;
    stop_is_over(n.child);
  }
  void stop_is_over(plan::child_index i) {
    if (limited_ == i) limit_.clear(*wiring_.runs);
    start_is_over(i);
  }
  void start_is_over(plan::child_index i) {
    if (start_limit_.child == i && records_[i]->start_limit != infinity) wiring_.runs->disarm(start_limit_);
  }

  /// All children have ended: so does this life.
  void end(plan::order const& o) {
    for (auto& [i, over] : waits_) wiring_.runs->disarm(over);
    if (is_requested_) answer_request(child_result::noproc);
    exit_reason why = reason::shutdown;
    const std::string child(o.child < paths_.size() ? paths_[o.child] : std::string_view());
    switch (o.why) {
      case plan::ending::stopped:
        break;
      case plan::ending::gave_up:
        why = {reason::shutdown,
               std::string(wiring_.path) + " gave up on " + child + ": more than " +
                   std::to_string(wiring_.about->max_restarts) + " restarts within " +
                   detail::to_string(wiring_.about->period),
               child, lives_[o.child].why};
        break;
      case plan::ending::auto_shutdown:
        why = {reason::shutdown, std::string(wiring_.path) + " shut down after " + child + " ended", child,
               lives_[o.child].why};
        break;
      case plan::ending::start_failed:
        why = {reason::shutdown, child + " did not start", child, lives_[o.child].why};
        break;
    }
    const notice_kind what = decides_.is_up() ? notice_kind::ended : notice_kind::start_failed;
    wiring_.told->tell({what, wiring_.number, life_, std::move(why), {}, o.why});
  }

  bool planted(planted_mistake m) const {
    return wiring_.faults != nullptr && wiring_.faults->planted() == m;
  }

  void happened(event_kind what, plan::child_index i, exit_reason const& why) {
    if (wiring_.seen_by->wants_events)
      wiring_.seen_by->happened({what, records_[i], why, children_[i], this});
  }

  void report_about(report_kind kind, plan::child_index i, report_action action, plan::child_index first = 0,
                    plan::child_index last = 0, duration wait = {}, exit_reason const* why = nullptr) {
    affected_.clear();
    if (action == report_action::restarting) {
      for (plan::child_index c = first; c <= last; ++c) {
        if (rules_[c].restart != restart_kind::temporary) affected_.push_back(paths_[c]);
      }
    }
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .supervisor_node = static_cast<node const*>(this),
                               .child = paths_[i],
                               .child_record = records_[i],
                               .incarnation = lives_[i].number,
                               .why = why != nullptr                       ? why
                                      : kind == report_kind::still_running ? nullptr
                                                                           : &lives_[i].why,
                               .message = lives_[i].message,
                               .restarts = decides_.restarts(),
                               .action = action,
                               .affected = affected_,
                               .wait = wait});
  }

  /// About a function that runs, or ran, for too long.
  void report_running(report_kind kind, plan::child_index i, report_action action, notice const& n) {
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .supervisor_node = static_cast<node const*>(this),
                               .child = paths_[i],
                               .child_record = records_[i],
                               .incarnation = n.life,
                               .message = n.message,
                               .action = action,
                               .affected = {}});
  }

  supervisor_wiring const wiring_;
  // By child, in start order.
  std::vector<node*> children_;
  std::vector<record const*> records_;
  std::vector<std::string_view> paths_;
  std::vector<plan::child_rule> rules_;
  std::vector<plan::child_state> states_;
  std::vector<life> lives_;
  std::vector<instant> ring_;

  // Touched by the worker that runs this supervisor.
  std::vector<std::string_view> affected_;  // by the restart being reported
  plan::supervisor_plan decides_;
  std::uint64_t life_ = 0;
  stop_limit limit_;  // of the stop under way, of this child
  plan::child_index limited_ = 0;
  limit_timer start_limit_;
  std::unordered_map<plan::child_index, limit_timer> waits_;  // of children with a back-off
  std::uint64_t numbers_of_waits_ = 0;
  std::deque<asked> requests_;
  bool is_requested_ = false;  // the first of them is under way
  std::vector<std::pair<plan::child_index, address*>> dependents_;
  bool killed_ = false;
};

}  // namespace espalier::runtime
