// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/plan/supervisor_plan.hpp>

// What one dynamic supervisor decides (OTP's simple_one_for_one, reference B): (rules, states, event, now) ->
// orders, in the words of supervisor_plan.hpp, and as pure. Its children know nothing of each other, so each
// is judged alone, and an event costs the same however many there are; only the end of all goes through all.
//
//   1. `begin`        starts nothing: `up`.
//   2. `start_child`  on request: a free place, or a new one behind the others, gets the order `start`;
//                     several at once, too. The order `done` says when, and whether it failed: then the child
//                     is gone, and nothing is counted.
//   3. an end         by itself is judged by the restart type (B.2). A restart is counted first (B.6), for
//                     all children together.
//   4. failed start   within a restart: as in a static supervisor, by `retry` and counted again.
//   5. back-off       of each child for itself: `wait` and `resume`. The window does not age while any waits
//                     (SEMANTICS 22).
//   6. `terminate`    on request: the child is stopped, or what it waits for is cancelled. Then `done`.
//   7. `stop`         from the parent, and giving up: all children at once (B.8). When the last has ended,
//                     `ended`.
//
// The order `park` says that a child is gone for good, and that its place may go to another one; so does
// `left_stopped`.
namespace espalier::plan {

/// What the plan remembers of one place, and of the child there.
struct dynamic_child {
  status now = status::forgotten;  // the place is free
  bool was_up = false;             // its first start has succeeded
  bool is_asked = false;           // its start, or its stop, was requested and is under way
  std::uint32_t repeats = 0;       // restarts since it lived for a period; of a free place, the next free one
  instant started{};
};

/// The state machine. `Children` holds the places: `children[i]`, `children.size()`, and
/// `children.push_back` for a new one. `Orders` is as for a `supervisor_plan`.
template <class Children>
class dynamic_plan {
 public:
  /// The caller lends the ring of restarts, which must outlive the plan. What the rule says of a strategy and
  /// the child's of significance means nothing here.
  constexpr dynamic_plan(supervisor_rule rule, child_rule child, std::uint64_t max_children, instant* ring)
      : rule_(child),
        max_children_(max_children),
        period_(rule.period),
        window_(ring, rule.max_restarts, rule.period) {}

  /// The supervisor starts, anew or for the first time.
  template <class Orders>
  constexpr void begin(Orders&& orders) {
    window_.clear();
    clock_ = {};
    phase_ = phase::serving;
    orders(order{.what = order_kind::up});
  }

  template <class Orders>
  constexpr void started(child_index i, instant now, Orders&& orders) {
    dynamic_child& c = children_[i];
    if (c.now != status::starting) return;  // being stopped by now; its end will come
    c.now = status::running;
    c.was_up = true;
    c.started = now;
    finish_request(i, {}, orders);
  }

  /// The start function declined: no process, and no error.
  template <class Orders>
  constexpr void ignored(child_index i, Orders&& orders) {
    if (children_[i].now == status::stopping) return stopped(i, orders);
    if (children_[i].now == status::starting) forget(i, orders);
  }

  template <class Orders>
  constexpr void start_failed(child_index i, Orders&& orders) {
    dynamic_child& c = children_[i];
    if (c.now == status::stopping) return stopped(i, orders);
    if (c.now != status::starting) return;
    if (!c.was_up) return forget(i, orders, {.why = ending::start_failed, .failed = true});
    c.now = status::retrying;
    orders(order{.what = order_kind::retry, .child = i});
  }

  /// A started child has ended, by itself or as ordered.
  template <class Orders>
  constexpr void child_ended(child_index i, exit_class why, instant now, Orders&& orders) {
    if (children_[i].now == status::stopping) {
      if (!is_as_ordered(rule_.restart, rule_.brutal_kill, why)) {
        orders(order{.what = order_kind::misbehaved, .child = i});
      }
      return stopped(i, orders);
    }
    if (children_[i].now != status::running) return;
    if (is_restarted(rule_.restart, why)) return restart(i, now, orders);
    release(i);
    orders(order{.what = order_kind::left_stopped, .child = i});
  }

  /// The retry that an order `retry` asked for has come through the queue. Not that of another child that had
  /// the place before.
  template <class Orders>
  constexpr void retry(child_index i, instant now, Orders&& orders) {
    if (children_[i].now == status::retrying) restart(i, now, orders);
  }
  /// The time that the child's last order `wait` asked for is over.
  template <class Orders>
  constexpr void resume(child_index i, instant now, Orders&& orders) {
    if (children_[i].now != status::waiting) return;
    clock_.end_wait(now);
    start(i, orders);
  }

  // Requests. Each ends with one order `done`, also if the supervisor ends before.

  /// Starts one more child. Only while `is_serving`, and not `is_full`.
  template <class Orders>
  constexpr void start_child(Orders&& orders) {
    const child_index i = take_place();
    children_[i].is_asked = true;
    start(i, orders);
  }
  /// Ends a child for good. Only one that is there, and not `is_asked` about or being stopped.
  template <class Orders>
  constexpr void terminate(child_index i, instant now, Orders&& orders) {
    dynamic_child& c = children_[i];
    c.is_asked = true;
    if (c.now == status::starting || c.now == status::running) return stop_child(i, orders);
    if (c.now == status::waiting) clock_.end_wait(now);
    forget(i, orders);
  }

  /// How much of a quarter the next back-off is shorter by, in 1/65536: drawn by the caller, so that the plan
  /// is pure.
  constexpr void take_jitter(std::uint16_t j) { jitter_ = j; }

  /// The parent stops this supervisor.
  template <class Orders>
  constexpr void stop(Orders&& orders) {
    if (phase_ == phase::serving) end_with(ending::stopped, 0, orders);
  }

  constexpr dynamic_child const& child(child_index i) const { return children_[i]; }
  /// The places, free ones too.
  constexpr child_index size() const { return static_cast<child_index>(children_.size()); }
  /// The children.
  constexpr child_index count() const { return count_; }
  constexpr bool is_full() const { return count_ >= max_children_; }
  constexpr std::size_t restarts() const { return window_.counted(); }
  constexpr bool is_serving() const { return phase_ == phase::serving; }

 private:
  enum class phase : unsigned char { ended, serving, ending };
  static constexpr child_index none = UINT32_MAX;

  // --- places

  constexpr child_index take_place() {
    ++count_;
    if (free_ == none) {
      children_.push_back(dynamic_child{});
      return size() - 1;
    }
    const child_index i = free_;
    free_ = children_[i].repeats;
    children_[i] = {};
    return i;
  }
  constexpr void release(child_index i) {
    children_[i].now = status::forgotten;
    children_[i].repeats = free_;
    free_ = i;
    --count_;
  }

  // --- children

  template <class Orders>
  constexpr void start(child_index i, Orders& orders) {
    children_[i].now = status::starting;
    orders(order{.what = order_kind::start, .child = i});
  }

  template <class Orders>
  constexpr void restart(child_index i, instant now, Orders& orders) {
    if (!window_.count(clock_.at(now))) {
      orders(order{.what = order_kind::giving_up, .child = i, .why = ending::gave_up});
      forget(i, orders);
      return end_with(ending::gave_up, i, orders);
    }
    const duration delay = delay_of(children_[i], now);
    orders(order{.what = order_kind::restarting, .child = i, .first = i, .last = i, .delay = delay});
    if (delay == duration{}) return start(i, orders);
    children_[i].now = status::waiting;
    clock_.begin_wait(now);
    orders(order{.what = order_kind::wait, .child = i, .delay = delay});
  }
  constexpr duration delay_of(dynamic_child& c, instant now) {
    if (now - c.started >= period_) c.repeats = 0;
    const std::uint32_t before = c.repeats;
    if (c.repeats != UINT32_MAX) ++c.repeats;
    return backoff_delay(rule_.backoff_first, rule_.backoff_max, before, jitter_);
  }

  template <class Orders>
  constexpr void stop_child(child_index i, Orders& orders) {
    children_[i].now = status::stopping;
    ++stopping_;
    orders(order{.what = order_kind::stop, .child = i});
  }
  template <class Orders>
  constexpr void stopped(child_index i, Orders& orders) {
    --stopping_;
    // A first start that was stopped has failed, but not by itself.
    forget(i, orders, {.why = ending::stopped, .failed = !children_[i].was_up});
    end_if_empty(orders);
  }
  template <class Orders>
  constexpr void forget(child_index i, Orders& orders, order how = {}) {
    release(i);
    orders(order{.what = order_kind::park, .child = i});
    finish_request(i, how, orders);
  }
  template <class Orders>
  constexpr void finish_request(child_index i, order how, Orders& orders) {
    if (!children_[i].is_asked) return;
    children_[i].is_asked = false;
    how.what = order_kind::done;
    how.child = i;
    orders(how);
  }

  // --- the end of all

  template <class Orders>
  constexpr void end_with(ending why, child_index cause, Orders& orders) {
    phase_ = phase::ending;
    ending_ = why;
    cause_ = cause;
    for (child_index i = 0; i != size(); ++i) {
      const status s = children_[i].now;
      if (s == status::starting || s == status::running) stop_child(i, orders);
      if (s == status::waiting || s == status::retrying) forget(i, orders);
    }
    end_if_empty(orders);
  }
  template <class Orders>
  constexpr void end_if_empty(Orders& orders) {
    if (phase_ != phase::ending || stopping_ != 0) return;
    phase_ = phase::ended;
    orders(order{.what = order_kind::ended, .child = cause_, .why = ending_});
  }

  child_rule rule_;
  std::uint64_t max_children_;
  duration period_;
  window window_;
  backoff_clock clock_;  // of the window
  Children children_{};
  child_index free_ = none;  // the first free place
  child_index count_ = 0;
  child_index stopping_ = 0;
  phase phase_ = phase::ended;
  ending ending_ = ending::stopped;
  child_index cause_ = 0;
  std::uint16_t jitter_ = 0;
};

}  // namespace espalier::plan
