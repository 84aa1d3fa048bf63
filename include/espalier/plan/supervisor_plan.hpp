// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <espalier/plan/exit_class.hpp>
#include <espalier/plan/window.hpp>

// What one supervisor decides: (rules, state, event, now) -> orders. Pure and constexpr, without threads or
// clocks: the compiler runs it to answer `blast_radius`, the runtime to restart, the simulation under virtual
// time.
//
// A supervisor is serial (reference B): it has at most one order under way, the start or the stop of one
// child, and what happens meanwhile waits its turn. Its life:
//
//   1. `begin`       starts the children in list order. The first failure stops the started ones in reverse:
//   `ended`.
//   2. `serving`     an end by itself is judged (B.2): the child is parked, or a restart is counted (B.6).
//   3. restart       one_for_one starts the child. The others stop the range in reverse start order
//   (`clearing`), then
//                    start it in order (`filling`). Temporary children in the range are forgotten. A child
//                    that is found dead when its turn to be stopped comes is absorbed by the same restart.
//   4. failed start  within a restart: the child is `retrying`; the order `retry` asks the caller to send the
//   event
//                    `retry` through its queue, so that others get in between. It is counted again, relative
//                    to it.
//   5. `stop`        from the parent, at any time, also during a start: all children in reverse. Then
//   `ended`.
//   6. giving up     and auto_shutdown: as 5, and the order `ended` says why.
namespace espalier::plan {

using child_index = std::uint32_t;

/// What the tree says about one child.
struct child_rule {
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
};

/// What the tree says about one supervisor.
struct supervisor_rule {
  strategy_kind strategy = strategy_kind::one_for_one;
  auto_shutdown_kind auto_shutdown = auto_shutdown_kind::never;
  std::size_t max_restarts = 1;
  duration period{5'000'000'000};
};

enum class status : unsigned char {
  stopped,   // without a process: not yet started, parked, or between the stop and the start of a restart
  starting,  // a start is under way
  running,
  stopping,   // a stop is under way
  retrying,   // its restart failed; the next attempt waits in the queue
  forgotten,  // a temporary child that ended; nothing starts it but a new life of its supervisor
};

/// What the plan remembers of one child.
struct child_state {
  status now = status::stopped;
  bool pending = false;                 // an end or a retry that waits for the order under way
  exit_class why = exit_class::normal;  // of the pending end
  std::uint64_t arrival = 0;            // orders what is pending
};

/// Why a supervisor ended.
enum class ending : unsigned char { stopped, gave_up, auto_shutdown, start_failed };

enum class order_kind : unsigned char {
  start,  // start the child; answer `started`, `ignored` or `start_failed`
  stop,   // stop the child, also while it starts; answer `child_ended` or `start_failed`
  park,   // the child stays without a process: its start declined, or a sibling's restart ended it for good
  left_stopped,   // the child has ended by itself, and stays without a process
  restarting,     // a restart was counted; `child` caused it, `first`..`last` are affected
  retry,          // send the event `retry` for the child through the queue
  misbehaved,     // the child was to be stopped, but ended in another way
  up,             // all children have been started
  giving_up,      // the child caused one restart too many
  shutting_down,  // the child's end triggers auto_shutdown
  ended           // all children have ended, and the supervisor with them; see `why` and `child`
};

/// One thing that the caller of the plan must do, at once and in this order.
struct order {
  order_kind what{};
  child_index child = 0;
  child_index first = 0;
  child_index last = 0;
  ending why = ending::stopped;
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
    if (phase_ == phase::filling && cursor_ == i) {
      ++cursor_;
      fill(orders);
      settle(now, orders);
    }
  }

  /// The start function declined: no process, and no error.
  template <class Orders>
  constexpr void ignored(child_index i, instant now, Orders&& orders) {
    children_[i].now = resting(i);
    orders(order{.what = order_kind::park, .child = i});
    go_on(i, orders);
    settle(now, orders);
  }

  template <class Orders>
  constexpr void start_failed(child_index i, instant now, Orders&& orders) {
    const bool was_starting = children_[i].now == status::starting;
    children_[i].now = status::stopped;
    if (was_starting && phase_ == phase::filling) {
      if (initial_) {
        end_with(ending::start_failed, i, orders);
      } else {
        children_[i].now = status::retrying;
        phase_ = phase::serving;
        orders(order{.what = order_kind::retry, .child = i});
      }
    } else {
      go_on(i, orders);
    }
    settle(now, orders);
  }

  /// A started child has ended, by itself or as ordered.
  template <class Orders>
  constexpr void child_ended(child_index i, exit_class why, instant now, Orders&& orders) {
    if (children_[i].now == status::stopping) {
      if (!is_as_ordered(rules_[i].restart, why)) orders(order{.what = order_kind::misbehaved, .child = i});
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
    if (children_[i].now == status::retrying && !children_[i].pending) defer(i, exit_class::abnormal);
    settle(now, orders);
  }

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

  constexpr status resting(child_index i) const {
    return rules_[i].restart == restart_kind::temporary ? status::forgotten : status::stopped;
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
  }

  /// Stops the children from `cursor_` down to `first_`, one at a time.
  template <class Orders>
  constexpr void clear(Orders& orders) {
    for (; size_ != 0; --cursor_) {
      child_state& c = children_[cursor_];
      if (c.now == status::running && c.pending) {  // it died before its turn: absorbed
        if (!is_as_ordered(rules_[cursor_].restart, c.why)) {
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
      } else if (c.now == status::retrying) {
        absorb(cursor_);
        c.now = status::stopped;
      }
      if (cursor_ == first_) break;
    }
    if (phase_ == phase::clearing) {
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
  constexpr void end_with(ending why, child_index cause, Orders& orders) {
    phase_ = phase::ending;
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
      child_index next = size_;
      for (child_index i = 0; i != size_; ++i) {
        if (children_[i].pending && (next == size_ || children_[i].arrival < children_[next].arrival))
          next = i;
      }
      absorb(next);
      if (children_[next].now == status::retrying ||
          is_restarted(rules_[next].restart, children_[next].why)) {
        restart(next, now, orders);
      } else {
        children_[next].now = resting(next);
        orders(order{.what = order_kind::left_stopped, .child = next});
        consider_auto_shutdown(next, orders);
      }
    }
  }

  template <class Orders>
  constexpr void restart(child_index i, instant now, Orders& orders) {
    children_[i].now = status::stopped;
    if (!window_.count(now)) {
      orders(order{.what = order_kind::giving_up, .child = i, .why = ending::gave_up});
      end_with(ending::gave_up, i, orders);
      return;
    }
    first_ = rule_.strategy == strategy_kind::one_for_all ? 0 : i;
    last_ = rule_.strategy == strategy_kind::one_for_one ? i + 1 : size_;
    orders(order{.what = order_kind::restarting, .child = i, .first = first_, .last = last_ - 1});
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
  child_index pending_ = 0;
  std::uint64_t arrivals_ = 0;
};

}  // namespace espalier::plan
