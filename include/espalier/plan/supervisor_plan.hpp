// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/plan/backoff.hpp>
#include <espalier/plan/order.hpp>

// What one supervisor decides: (rules, state, event, now) -> orders. Pure and constexpr, without threads or
// clocks: the compiler runs it to answer `blast_radius`, the runtime to restart, the simulation under virtual
// time.
//
// A supervisor is serial (reference B): it has at most one order under way, the start or the stop of one
// child, and what happens meanwhile waits its turn. Its life:
//
//   1. `begin`       starts the children in list order. The first failure stops the started ones in reverse:
//                    `ended`.
//   2. `serving`     an end by itself is judged (B.2): the child is parked, or a restart is counted (B.6).
//   3. restart       one_for_one starts the child. The others stop the range in reverse start order
//                    (`clearing`), then start it in order (`filling`). Temporary children in the range are
//                    forgotten. A child that is found dead when its turn to be stopped comes is absorbed by
//                    the same restart.
//   4. failed start  within a restart: the child is `retrying`; the order `retry` asks the caller to send the
//                    event `retry` through its queue, so that others get in between. It is counted again,
//                    relative to it. It is dropped if the child does not retry any more when its turn comes.
//   5. back-off      a repeated restart waits, once its range is stopped: the children of the range are
//                    `waiting`, the order `wait` asks for the event `resume` after a while, and others are
//                    served meanwhile. It was counted when it was scheduled, and the window does not age
//                    while anything waits (SEMANTICS 22). A sibling's restart that covers it absorbs it, and
//                    waits at least as long.
//   6. requests      by administrators, only while serving (B.12): `terminate`, `start_again`,
//                    `restart_group`. Nothing is counted. The order `done` says when, and whether a start
//                    failed.
//   7. `stop`        from the parent, at any time, also during a start: all children in reverse. Then
//                    `ended`.
//   8. giving up     and auto_shutdown: as 7, and the order `ended` says why.
namespace espalier::plan {

/// What the plan remembers of one child.
struct child_state {
  status now = status::stopped;
  bool pending = false;                 // an end that waits for the order under way
  exit_class why = exit_class::normal;  // of the pending end
  std::uint64_t arrival = 0;            // of the pending end: orders what is pending
  std::uint64_t retry_arrival = 0;      // of a retry or resume that waits for the order under way; 0: none
  std::uint32_t repeats = 0;            // restarts since it lived for a period
  instant started{};
  bool backs_off = false;  // a back-off of its own is under way
  instant resumes{};
  bool is_due = false;
};

/// The state machine. `Orders` is called with each `order`; it must not call back into the plan.
class supervisor_plan {
 public:
  /// The caller lends rules, states and the ring of restarts; all must outlive the plan.
  constexpr supervisor_plan(supervisor_rule rule, child_rule const* rules, child_state* states,
                            child_index size, instant* ring)
      : rule_(rule),
        rules_(rules),
        children_(states),
        size_(size),
        window_(ring, rule.max_restarts, rule.period) {}

  /// The supervisor starts, anew or for the first time.
  template <class Orders>
  constexpr void begin(Orders&& orders) {
    for (child_index i = 0; i != size_; ++i) children_[i] = {};
    window_.clear();
    pending_ = 0;
    clock_ = {};
    request_ = request::none;
    phase_ = phase::filling;
    initial_ = true;
    first_ = cursor_ = 0;
    last_ = size_;
    fill(orders);
  }

  template <class Orders>
  constexpr void started(child_index i, instant now, Orders&& orders) {
    if (children_[i].now != status::starting) return;  // being stopped by now; its end will come
    children_[i].now = status::running;
    children_[i].started = now_ = now;
    if (phase_ == phase::filling && cursor_ == i) {
      ++cursor_;
      fill(orders);
      settle(now, orders);
    }
  }

  /// The start function declined: no process, and no error.
  template <class Orders>
  constexpr void ignored(child_index i, instant now, Orders&& orders) {
    now_ = now;
    children_[i].now = resting(i);
    orders(order{.what = order_kind::park, .child = i});
    go_on(i, orders);
    settle(now, orders);
  }

  template <class Orders>
  constexpr void start_failed(child_index i, instant now, Orders&& orders) {
    now_ = now;
    const bool was_starting = children_[i].now == status::starting;
    children_[i].now = status::stopped;
    if (was_starting && phase_ == phase::filling) {
      if (initial_) {
        end_with(ending::start_failed, i, orders);
      } else if (request_ == request::start) {
        phase_ = phase::serving;
        orders(order{.what = order_kind::park, .child = i});
        finish_request(i, true, orders);
      } else {
        children_[i].now = status::retrying;
        phase_ = phase::serving;
        orders(order{.what = order_kind::retry, .child = i});
        finish_request(i, true, orders);
      }
    } else {
      go_on(i, orders);
    }
    settle(now, orders);
  }

  /// A started child has ended, by itself or as ordered.
  template <class Orders>
  constexpr void child_ended(child_index i, exit_class why, instant now, Orders&& orders) {
    now_ = now;
    if (children_[i].now == status::stopping) {
      if (!is_as_ordered(i, why)) orders(order{.what = order_kind::misbehaved, .child = i});
      rest(i, orders);
      go_on(i, orders);
    } else if (children_[i].now == status::running) {
      defer(i, why);
    }
    settle(now, orders);
  }

  /// The retry that an order `retry` asked for has come through the queue.
  template <class Orders>
  constexpr void retry(child_index i, instant now, Orders&& orders) {
    now_ = now;
    if (children_[i].retry_arrival == 0) {
      children_[i].retry_arrival = ++arrivals_;
      ++pending_;
    }
    settle(now, orders);
  }
  /// The time that an order `wait` asked for is over.
  template <class Orders>
  constexpr void resume(child_index i, instant now, Orders&& orders) {
    children_[i].is_due = children_[i].backs_off;
    retry(i, now, orders);
  }

  // Requests. Only while `is_serving`; each ends with one order `done`, unless the supervisor ends before.

  /// Stops a child, which stays without a process. It may be stopped already.
  template <class Orders>
  constexpr void terminate(child_index i, instant now, Orders&& orders) {
    now_ = now;
    request_ = request::terminate;
    delay_ = {};
    first_ = i;
    last_ = i + 1;
    phase_ = phase::clearing;
    cursor_ = i;
    clear(orders);
    settle(now, orders);
  }
  /// Starts a child that is stopped, and no other one.
  template <class Orders>
  constexpr void start_again(child_index i, instant now, Orders&& orders) {
    now_ = now;
    request_ = request::start;
    first_ = cursor_ = i;
    last_ = i + 1;
    phase_ = phase::filling;
    fill(orders);
    settle(now, orders);
  }
  /// Restarts what a crash of the child would restart.
  template <class Orders>
  constexpr void restart_group(child_index i, instant now, Orders&& orders) {
    now_ = now;
    request_ = request::group;
    delay_ = {};
    set_range(i);
    phase_ = phase::clearing;
    cursor_ = last_ - 1;
    clear(orders);
    settle(now, orders);
  }

  /// How much of a quarter the next back-off is shorter by, in 1/65536: drawn by the caller, so that the plan
  /// is pure.
  constexpr void take_jitter(std::uint16_t j) { jitter_ = j; }

  /// The parent stops this supervisor.
  template <class Orders>
  constexpr void stop(Orders&& orders) {
    if (phase_ == phase::ended || phase_ == phase::ending) return;
    end_with(ending::stopped, 0, orders);
  }

  constexpr child_state const& child(child_index i) const { return children_[i]; }
  constexpr std::size_t restarts() const { return window_.counted(); }
  constexpr supervisor_rule const& rule() const { return rule_; }
  constexpr child_rule const& rule(child_index i) const { return rules_[i]; }
  constexpr child_index size() const { return size_; }
  constexpr bool is_serving() const { return phase_ == phase::serving; }
  constexpr bool is_ended() const { return phase_ == phase::ended; }
  /// Whether the next event may have a restart counted. If not, and no child has a back-off, its time means
  /// nothing.
  constexpr bool asks_time() const { return phase_ == phase::serving || pending_ != 0; }
  /// Whether all children have been started once in this life.
  constexpr bool is_up() const { return !initial_; }

  /// For questions: the state in which all children run and nothing has been counted.
  constexpr void assume_running() {
    for (child_index i = 0; i != size_; ++i) children_[i] = {.now = status::running};
    window_.clear();
    pending_ = 0;
    phase_ = phase::serving;
    initial_ = false;
  }

 private:
  enum class phase : unsigned char { ended, filling, serving, clearing, ending };
  enum class request : unsigned char { none, terminate, start, group };

  constexpr status resting(child_index i) const {
    return rules_[i].restart == restart_kind::temporary ? status::forgotten : status::stopped;
  }

  constexpr bool is_as_ordered(child_index i, exit_class why) const {
    return plan::is_as_ordered(rules_[i].restart, rules_[i].brutal_kill, why);
  }

  constexpr void defer(child_index i, exit_class why) {
    children_[i].pending = true;
    children_[i].why = why;
    children_[i].arrival = ++arrivals_;
    ++pending_;
  }
  constexpr void absorb(child_index i) {
    if (children_[i].pending) --pending_;
    children_[i].pending = false;
  }

  /// The child has ended because it was ordered to, or while its sibling restarts.
  template <class Orders>
  constexpr void rest(child_index i, Orders& orders) {
    children_[i].now = resting(i);
    if (children_[i].now == status::forgotten) orders(order{.what = order_kind::park, .child = i});
  }

  /// The order under way for child `i` is done.
  template <class Orders>
  constexpr void go_on(child_index i, Orders& orders) {
    if (i != cursor_) return;
    if (phase_ == phase::filling) {
      ++cursor_;
      fill(orders);
    } else if (phase_ == phase::clearing || phase_ == phase::ending) {
      clear(orders);
    }
  }

  /// Starts the children from `cursor_` up to `last_`, one at a time.
  template <class Orders>
  constexpr void fill(Orders& orders) {
    for (; cursor_ != last_; ++cursor_) {
      if (children_[cursor_].now == status::forgotten) continue;
      children_[cursor_].now = status::starting;
      orders(order{.what = order_kind::start, .child = cursor_});
      return;
    }
    phase_ = phase::serving;
    if (initial_) orders(order{.what = order_kind::up});
    initial_ = false;
    finish_request(first_, false, orders);
  }

  /// Stops the children from `cursor_` down to `first_`, one at a time.
  template <class Orders>
  constexpr void clear(Orders& orders) {
    for (; size_ != 0; --cursor_) {
      child_state& c = children_[cursor_];
      if (c.now == status::running && c.pending) {  // it died before its turn: absorbed
        if (!is_as_ordered(cursor_, c.why)) {
          orders(order{.what = order_kind::misbehaved, .child = cursor_});
        }
        absorb(cursor_);
        rest(cursor_, orders);
      } else if (c.now == status::running || c.now == status::starting) {
        c.now = status::stopping;
        orders(order{.what = order_kind::stop, .child = cursor_});
        return;
      } else if (c.now == status::stopping) {
        return;
      } else if (c.now == status::retrying || c.now == status::waiting) {
        c.now = status::stopped;
        end_back_off(c);
      }
      if (cursor_ == first_) break;
    }
    if (phase_ == phase::clearing && request_ == request::terminate) {
      phase_ = phase::serving;
      children_[first_].now = resting(first_);
      orders(order{.what = order_kind::park, .child = first_});
      finish_request(first_, false, orders);
    } else if (phase_ == phase::clearing && delay_ != duration{}) {
      back_off(orders);
    } else if (phase_ == phase::clearing) {
      phase_ = phase::filling;
      cursor_ = first_;
      fill(orders);
    } else {
      phase_ = phase::ended;
      pending_ = 0;
      orders(order{.what = order_kind::ended, .child = cause_, .why = ending_});
    }
  }

  template <class Orders>
  constexpr void finish_request(child_index i, bool failed, Orders& orders) {
    if (request_ == request::none) return;
    request_ = request::none;
    orders(order{.what = order_kind::done, .child = i, .failed = failed});
  }

  template <class Orders>
  constexpr void end_with(ending why, child_index cause, Orders& orders) {
    phase_ = phase::ending;
    request_ = request::none;
    ending_ = why;
    cause_ = cause;
    first_ = 0;
    cursor_ = size_ == 0 ? 0 : size_ - 1;
    clear(orders);
  }

  /// Takes up what waited, oldest first, until an order is under way or nothing is left.
  template <class Orders>
  constexpr void settle(instant now, Orders& orders) {
    while (phase_ == phase::serving && pending_ != 0) {
      child_index next = 0;
      std::uint64_t oldest = UINT64_MAX;
      for (child_index i = 0; i != size_; ++i) {
        if (children_[i].pending && children_[i].arrival < oldest) oldest = children_[next = i].arrival;
        if (children_[i].retry_arrival != 0 && children_[i].retry_arrival < oldest) {
          oldest = children_[next = i].retry_arrival;
        }
      }
      if (children_[next].retry_arrival == oldest) {
        children_[next].retry_arrival = 0;
        --pending_;
        if (children_[next].now == status::retrying) restart(next, now, orders);
        if (children_[next].now == status::waiting && children_[next].is_due) start_range(next, orders);
        continue;
      }
      absorb(next);
      if (is_restarted(rules_[next].restart, children_[next].why)) {
        restart(next, now, orders);
      } else {
        children_[next].now = resting(next);
        orders(order{.what = order_kind::left_stopped, .child = next});
        consider_auto_shutdown(next, orders);
      }
    }
  }

  constexpr void set_range(child_index i) {
    first_ = rule_.strategy == strategy_kind::one_for_all ? 0 : i;
    last_ = rule_.strategy == strategy_kind::one_for_one ? i + 1 : size_;
  }

  // --- back-off

  /// How long the restart of child `i` waits: longer each time, until the child has lived for a period.
  constexpr duration delay_of(child_index i, instant now) {
    child_state& c = children_[i];
    child_rule const& r = rules_[i];
    if (now - c.started >= rule_.period) c.repeats = 0;
    duration d = backoff_delay(r.backoff_first, r.backoff_max, c.repeats, jitter_);
    if (c.repeats != UINT32_MAX) ++c.repeats;
    for (child_index s = first_; s != last_; ++s) {
      if (children_[s].now == status::waiting && children_[s].resumes - now > d)
        d = children_[s].resumes - now;
    }
    return d;
  }
  /// The range is stopped, and waits.
  template <class Orders>
  constexpr void back_off(Orders& orders) {
    for (child_index s = first_; s != last_; ++s) {
      if (children_[s].now != status::forgotten) children_[s].now = status::waiting;
      children_[s].resumes = now_ + delay_;
    }
    children_[cause_].backs_off = true;
    clock_.begin_wait(now_);
    phase_ = phase::serving;
    orders(order{.what = order_kind::wait, .child = cause_, .delay = delay_});
  }
  constexpr void end_back_off(child_state& c) {
    if (!c.backs_off) return;
    c.backs_off = c.is_due = false;
    clock_.end_wait(now_);
  }
  template <class Orders>
  constexpr void start_range(child_index i, Orders& orders) {
    end_back_off(children_[i]);
    set_range(i);
    phase_ = phase::filling;
    cursor_ = first_;
    fill(orders);
  }

  template <class Orders>
  constexpr void restart(child_index i, instant now, Orders& orders) {
    children_[i].now = status::stopped;
    if (!window_.count(clock_.at(now))) {
      orders(order{.what = order_kind::giving_up, .child = i, .why = ending::gave_up});
      end_with(ending::gave_up, i, orders);
      return;
    }
    set_range(i);
    cause_ = i;
    delay_ = delay_of(i, now);
    orders(order{
        .what = order_kind::restarting, .child = i, .first = first_, .last = last_ - 1, .delay = delay_});
    phase_ = phase::clearing;
    cursor_ = last_ - 1;
    clear(orders);
  }

  template <class Orders>
  constexpr void consider_auto_shutdown(child_index i, Orders& orders) {
    if (rule_.auto_shutdown == auto_shutdown_kind::never || !rules_[i].significant) return;
    if (rule_.auto_shutdown == auto_shutdown_kind::all_significant) {
      for (child_index j = 0; j != size_; ++j) {
        const status s = children_[j].now;
        if (rules_[j].significant && s != status::stopped && s != status::forgotten) return;
      }
    }
    orders(order{.what = order_kind::shutting_down, .child = i, .why = ending::auto_shutdown});
    end_with(ending::auto_shutdown, i, orders);
  }

  supervisor_rule rule_;
  child_rule const* rules_;
  child_state* children_;
  child_index size_;
  window window_;
  phase phase_ = phase::ended;
  bool initial_ = true;
  ending ending_ = ending::stopped;
  child_index cause_ = 0;
  child_index first_ = 0, last_ = 0;  // the range being restarted: first_ .. last_-1
  child_index cursor_ = 0;            // the child whose turn it is
  duration delay_{};                  // of the restart under way
  request request_ = request::none;   // under way
  std::uint16_t jitter_ = 0;
  backoff_clock clock_;  // of the window
  instant now_{};
  child_index pending_ = 0;
  std::uint64_t arrivals_ = 0;
};

}  // namespace espalier::plan
