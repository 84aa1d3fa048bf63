// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/node.hpp>
#include <espalier/runtime/report.hpp>
#include <string>

// A supervisor at run time: it feeds notices to its plan, one at a time, and does what the plan orders. It
// decides nothing itself.
//
// Stopping a child: the order `stop` goes to the child, and one timer is armed with the child's limit. If it
// expires, the child is killed; a function that still runs 100 ms later is reported and waited for. A
// `brutal_kill` child is killed at once. Each stop has a number, so that a timer that expires late means
// nothing.
namespace espalier::runtime {

enum class event_kind : unsigned char {
  started,
  ended,
  restarting,  // a restart failed, and the next attempt waits in the supervisor's queue
  gave_up
};

/// One step of supervision, for traces and tests.
struct event {
  event_kind what{};
  record const* about = nullptr;
  exit_reason why;
};

/// What supervisors tell the world about themselves. Any worker.
class observer {
 public:
  virtual void happened(event const& e) noexcept = 0;
  virtual void reported(report const& r) noexcept = 0;

 protected:
  ~observer() = default;
};

/// What the engine knows of a supervisor from the tree.
struct supervisor_wiring {
  record const* about = nullptr;
  std::string_view path;
  parent* told = nullptr;
  scheduler* runs = nullptr;
  observer* seen_by = nullptr;
};

class supervisor_node final : public node, public parent {
 public:
  supervisor_node(supervisor_wiring wiring, plan::supervisor_rule rule)
      : wiring_(wiring),
        children_(wiring.about->children),
        records_(children_.size()),
        paths_(children_.size()),
        rules_(children_.size()),
        states_(children_.size()),
        lives_(children_.size()),
        ring_(rule.max_restarts),
        decides_(rule, rules_.data(), states_.data(), static_cast<plan::child_index>(children_.size()),
                 ring_.data()),
        limit_(*this) {}

  /// Takes a child. All must be taken before the first start.
  void adopt(node& child, record const& about, std::string_view path) {
    children_[about.number] = &child;
    records_[about.number] = &about;
    paths_[about.number] = path;
    rules_[about.number] = {about.restart, about.significant};
  }

  // --- from the parent

  std::uint64_t start() override {
    reopen();
    const std::uint64_t number = ++asked_life_;
    tell({.what = notice_kind::start, .life = number});
    return number;
  }
  void stop() override { tell({.what = notice_kind::stop}); }
  void kill() override {}
  void park() override {
    for (node* child : children_) child->park();
  }
  void reopen() override {
    for (node* child : children_) child->reopen();
  }

  // --- from any thread

  void tell(notice n) noexcept override {
    std::unique_lock lock(mutex_);
    inbox_.push_back(std::move(n));
    const bool was = std::exchange(scheduled_, true);
    lock.unlock();
    if (!was) wiring_.runs->submit(*this);
  }

  // --- from the scheduler

  void run() noexcept override {
    {
      std::lock_guard lock(mutex_);
      batch_.swap(inbox_);
    }
    for (notice& n : batch_) take(n);
    batch_.clear();
    {
      std::lock_guard lock(mutex_);
      if (inbox_.empty()) {
        scheduled_ = false;
        return;
      }
    }
    wiring_.runs->submit(*this);
  }

 private:
  struct limit_timer final : timer {
    explicit limit_timer(supervisor_node& of) : home(of) {}
    void expire() noexcept override {
      home.tell({.what = notice_kind::limit_expired, .child = child, .life = stop_number});
    }
    supervisor_node& home;
    plan::child_index child = 0;
    std::uint64_t stop_number = 0;
  };

  /// What is remembered of a child's current or last life.
  struct life {
    std::uint64_t number = 0;
    exit_reason why;
    type_id message = {};
    bool start_failed = false;
  };

  auto orders() {
    return [this](plan::order const& o) { obey(o); };
  }

  void take(notice& n) {
    const plan::child_index i = n.child;
    const bool from_child = n.what == notice_kind::started || n.what == notice_kind::ignored ||
                            n.what == notice_kind::start_failed || n.what == notice_kind::ended;
    if (from_child && n.life != lives_[i].number) return;  // of a life that is over
    const instant now = wiring_.runs->now();
    switch (n.what) {
      case notice_kind::start:
        life_ = n.life;
        return decides_.begin(orders());
      case notice_kind::stop:
        return decides_.stop(orders());
      case notice_kind::started:
        happened(event_kind::started, *records_[i], {});
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
        happened(event_kind::ended, *records_[i], lives_[i].why);
        return decides_.child_ended(i, plan::class_of(lives_[i].why.kind()), now, orders());
      case notice_kind::retry:
        return decides_.retry(i, now, orders());
      case notice_kind::limit_expired:
        return overdue(i, n.life);
    }
  }

  void obey(plan::order const& o) {
    const plan::child_index i = o.child;
    switch (o.what) {
      case plan::order_kind::start:
        lives_[i] = {};
        lives_[i].number = children_[i]->start();
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
          report_about(report_kind::child_terminated, i, report_action::restarting, o.first, o.last);
        }
        return;
      case plan::order_kind::retry:
        happened(event_kind::restarting, *records_[i], lives_[i].why);
        return tell({.what = notice_kind::retry, .child = i});
      case plan::order_kind::misbehaved:
        if (records_[i]->brutal_kill && lives_[i].why == reason::killed) return;  // as ordered
        return report_about(report_kind::shutdown_error, i, report_action::none);
      case plan::order_kind::up:
        return wiring_.told->tell(
            {.what = notice_kind::started, .child = wiring_.about->number, .life = life_});
      case plan::order_kind::giving_up:
        happened(event_kind::gave_up, *wiring_.about, lives_[i].why);
        return report_about(report_kind::reached_max_restart_intensity, i, report_action::giving_up);
      case plan::order_kind::shutting_down:
        return;
      case plan::order_kind::ended:
        return end(o);
    }
  }

  void stop_child(plan::child_index i) {
    record const& r = *records_[i];
    limit_.child = i;
    limit_.stop_number = ++stops_;
    killed_ = r.brutal_kill;
    if (killed_) {
      children_[i]->kill();
    } else {
      children_[i]->stop();
    }
    if (r.shutdown != infinity) wiring_.runs->arm(limit_, wiring_.runs->now() + r.shutdown);
  }

  void overdue(plan::child_index i, std::uint64_t stop_number) {
    if (stop_number != stops_ || decides_.child(i).now != plan::status::stopping) return;
    if (killed_ || records_[i]->supervisor) {
      return report_about(report_kind::still_running, i, report_action::waiting);
    }
    constexpr duration to_return{100'000'000};
    killed_ = true;
    children_[i]->kill();
    wiring_.runs->arm(limit_, wiring_.runs->now() + to_return);
  }

  void note_end(notice& n) {
    lives_[n.child].why = std::move(n.why);
    lives_[n.child].message = n.message;
    stop_is_over(n.child);
  }
  void stop_is_over(plan::child_index i) {
    if (limit_.child == i && limit_.stop_number == stops_) wiring_.runs->disarm(limit_);
  }

  /// All children have ended: so does this life.
  void end(plan::order const& o) {
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
    wiring_.told->tell({what, wiring_.about->number, life_, std::move(why), {}, o.why});
  }

  void happened(event_kind what, record const& about, exit_reason const& why) {
    wiring_.seen_by->happened({what, &about, why});
  }

  void report_about(report_kind kind, plan::child_index i, report_action action, plan::child_index first = 0,
                    plan::child_index last = 0) {
    affected_.clear();
    if (action == report_action::restarting) {
      for (plan::child_index c = first; c <= last; ++c) {
        if (rules_[c].restart != restart_kind::temporary) affected_.push_back(paths_[c]);
      }
    }
    wiring_.seen_by->reported({.kind = kind,
                               .supervisor = wiring_.path,
                               .supervisor_record = wiring_.about,
                               .child = paths_[i],
                               .child_record = records_[i],
                               .incarnation = lives_[i].number,
                               .why = kind == report_kind::still_running ? nullptr : &lives_[i].why,
                               .message = lives_[i].message,
                               .restarts = decides_.restarts(),
                               .action = action,
                               .affected = affected_});
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

  std::mutex mutex_;
  std::vector<notice> inbox_;
  bool scheduled_ = false;

  // Touched by the parent.
  std::uint64_t asked_life_ = 0;

  // Touched by the worker that runs this supervisor.
  std::vector<notice> batch_;
  std::vector<std::string_view> affected_;  // by the restart being reported
  plan::supervisor_plan decides_;
  std::uint64_t life_ = 0;
  limit_timer limit_;
  std::uint64_t stops_ = 0;
  bool killed_ = false;
};

}  // namespace espalier::runtime
