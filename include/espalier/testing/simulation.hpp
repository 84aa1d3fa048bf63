// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/testing/simulated_tree.hpp>

namespace espalier {

/// As the name of a sender or receiver: the test itself.
struct outside;

/// For a simulation that `start()` starts, after faults and stand-ins have been set up.
struct not_started_t {};
inline constexpr not_started_t not_started{};

template <class Message>
struct answers;
template <class Message>
struct drops;
struct which_takes_a_call_away;

namespace detail {

template <class Q, class M, class Answer>
constexpr bool refuse_scripted_answer() {
  static_assert(ill_formed<Q, answers<M>, Answer>,
                "espalier: a scripted answer does not convert to the reply that the message names; give a "
                "value, a function of the message, es::never or es::dies");
  return false;
}
template <class Q, class M>
constexpr bool refuse_drop_of_a_call() {
  static_assert(ill_formed<Q, drops<M>, which_takes_a_call_away>,
                "espalier: a call is never lost, so it cannot be dropped; answer it with es::never");
  return false;
}
template <class Q, class M, class Answer>
constexpr bool may_answer() {
  if constexpr (!handles<process_of<Q>, M>) {
    return refuse_unhandled<Q, M>();
  } else if constexpr (!testing::fits_as_answer<M, Answer>()) {
    return refuse_scripted_answer<Q, M, Answer>();
  } else {
    return true;
  }
}

}  // namespace detail

/// A tree run inside a test: the engine and the plans of `es::system`, under a seeded scheduler and a virtual
/// clock. The constructor starts the tree; all happens on the calling thread, inside the member functions.
template <class T>
class simulation : public testing::simulated_tree {
 public:
  explicit simulation(seed s = {}) : simulation(with(), s) {}
  /// Throws `es::start_failed` if a child does not start.
  template <class... C>
  explicit simulation(given<C...> values, seed s = {}) : simulation(not_started, std::move(values), s) {
    if constexpr (is_valid<T>) start();
  }
  /// Without a start: what is set up before `start()` applies to it.
  explicit simulation(not_started_t, seed s = {}) : simulation(not_started, with(), s) {}
  template <class... C>
  simulation(not_started_t, given<C...> values, seed s = {}) : simulated_tree(detail::view_of<T>, s) {
    if constexpr (is_valid<T>) {
      static_assert(sizeof(detail::wiring_check<T, C...>) != 0);
      auto kept = std::make_shared<given<C...>>(std::move(values));
      make_engine(detail::lookup_of<T>, detail::process_types<T>(kept->values), kept);
    }
  }

  /// Sends a message. It is handled when the simulation runs.
  template <class Q, class M>
  void cast(M&& m) {
    if constexpr (detail::may_cast_from_outside<T, Q, std::remove_cvref_t<M>>()) {
      cast_to<Q>(address_at(node_of<Q>), std::forward<M>(m));
    }
  }
  /// Sends a request and runs until the reply. Throws `es::call_failed` as `es::system` does, after virtual
  /// time.
  template <class Q, class M>
  auto call(M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask_from_outside<T, Q, std::remove_cvref_t<M>>()) {
      return call_at<Q>(address_at(node_of<Q>), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }
  /// The same, as an `es::answer`: the reply, or the reason why there is none.
  template <class Q, class M>
  auto try_call(M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask_from_outside<T, Q, std::remove_cvref_t<M>>()) {
      return try_call_at<Q>(address_at(node_of<Q>), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }

  /// What `es::system` offers about partitions, in virtual time.
  template <class D, class K, class M>
  void cast(key<K> const& k, M&& m) {
    if constexpr (detail::may_cast_from_outside<T, D, std::remove_cvref_t<M>, K>()) {
      cast_to<D>(address_at(detail::partition_of<T, D>(k)), std::forward<M>(m));
    }
  }
  template <class D, class K, class M>
  auto call(key<K> const& k, M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask_from_outside<T, D, std::remove_cvref_t<M>, K>()) {
      return call_at<D>(address_at(detail::partition_of<T, D>(k)), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }
  template <class D, class K, class M>
  auto try_call(key<K> const& k, M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask_from_outside<T, D, std::remove_cvref_t<M>, K>()) {
      return try_call_at<D>(address_at(detail::partition_of<T, D>(k)), std::forward<M>(m), limit);
    } else {
      return detail::after_mistake{};
    }
  }
  /// Crashes the partition that a key leads to.
  template <class D, class K, class When = at_message>
  void crash(key<K> const& k, When when = {}) {
    if constexpr (detail::is_reachable<T, D, K>()) crash_at(detail::partition_of<T, D>(k), when);
  }

  /// What `es::system` offers about dynamic children, in virtual time.
  template <class D, class... Args>
  auto start_child(Args&&... args) {
    if constexpr (!detail::is_dynamic_there<T, D>()) {
      return detail::after_mistake{};
    } else if constexpr (!detail::takes_arguments<D, Args...>()) {
      return detail::after_mistake{};
    } else {
      return start_child_at<D>(detail::dynamic_named<T, D>, std::forward<Args>(args)...);
    }
  }
  template <class P, class M>
  void cast(ref<P> const& to, M&& m) {
    if constexpr (detail::may_cast_to_ref<P, std::remove_cvref_t<M>>()) {
      cast_to<P>(detail::address_in(to), std::forward<M>(m));
    }
  }
  template <class P, class M>
  auto call(ref<P> const& to, M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask<P, std::remove_cvref_t<M>>()) {
      return call_at<P>(detail::address_in(to), std::forward<M>(m), detail::limit_of_ref_call(limit));
    } else {
      return detail::after_mistake{};
    }
  }
  template <class P, class M>
  auto try_call(ref<P> const& to, M&& m, duration limit = default_call_limit) {
    if constexpr (detail::may_ask<P, std::remove_cvref_t<M>>()) {
      return try_call_at<P>(detail::address_in(to), std::forward<M>(m), detail::limit_of_ref_call(limit));
    } else {
      return detail::after_mistake{};
    }
  }
  template <class P>
  child_result terminate_child(ref<P> const& child) {
    return child ? terminate_child_at(detail::address_in(child), detail::supervisor_type<P>)
                 : child_result::not_found;
  }

  /// What `es::system` offers about children, in virtual time.
  template <class P>
  child_result terminate_child() {
    return ask<P>(runtime::child_request_kind::terminate);
  }
  template <class P>
  child_result restart_child() {
    return ask<P>(runtime::child_request_kind::restart);
  }
  template <class P>
  child_result restart_group() {
    return ask<P>(runtime::child_request_kind::restart_group);
  }
  template <class S>
  std::vector<child_info> which_children() {
    if constexpr (detail::is_supervisor_there<T, S>()) {
      return children_at(detail::supervisor_named<T, S>);
    } else {
      return {};
    }
  }
  template <class S>
  child_counts count_children() {
    return detail::count(which_children<S>());
  }

  /// Crashes a process: at its next message, or where the argument says.
  template <class P, class When = at_message>
  void crash(When when = {}) {
    if constexpr (detail::is_reachable<T, P>()) crash_at(node_of<P>, when);
  }

  /// The same to one dynamic child only.
  template <class P, class When = at_message>
  void crash(ref<P> const& child, When when = {}) {
    if constexpr (detail::may_watch_ref<P>()) crash_child(detail::address_in(child), when);
  }

  /// From now on each handler of a process, or each of message `M`, is busy for that long before it is
  /// entered. Nothing interrupts it meanwhile, as nothing interrupts a running handler.
  template <class P, class M = void>
  void slow(duration d) {
    if constexpr (detail::is_reachable<T, P>()) slow_at(node_of<P>, message_id<M>(), d);
  }

  /// The same for one dynamic child only.
  template <class M = void, class P>
  void slow(ref<P> const& child, duration d) {
    if constexpr (detail::may_watch_ref<P>()) slow_child(detail::address_in(child), message_id<M>(), d);
  }

  /// Loses the Nth cast of message `M` to a process from now on; 1 is the next.
  template <class P, class M>
  void drop(std::uint64_t number = 1) {
    if constexpr (!detail::is_reachable<T, P>()) {
      return;
    } else if constexpr (!std::is_void_v<detail::reply_of<M>> || detail::call_message<M>) {
      detail::refuse_drop_of_a_call<P, M>();
    } else {
      drop_at(node_of<P>, id_of<M>, number);
    }
  }

  /// From now on what one process sends another one takes that long. Either may be `es::outside`.
  template <class From, class To>
  void delay(duration d) {
    delay_between(end_of<From>(), end_of<To>(), d);
  }

  /// Gives the next lives of a process no code of their own: the functions handle its messages, each the type
  /// that it takes. A message without a function is lost, and a call crashes it. What throws crashes it; the
  /// next incarnation begins with fresh copies of the functions.
  template <class P, class... F>
  void replace(F... handlers) {
    if constexpr (detail::is_reachable<T, P>()) {
      stand_in_at(node_of<P>);
      (answer<P, typename testing::message_of<F>::type>(std::move(handlers)), ...);
    }
  }
  /// What a replaced process answers to message `M`: a value, a function of the message, `es::never{}` or
  /// `es::dies{}`. Nothing, for a message without a reply.
  template <class P, class M, class Answer>
  void answer(Answer given) {
    if constexpr (!detail::is_reachable<T, P>()) {
      return;
    } else if constexpr (detail::may_answer<P, M, Answer>()) {
      stand_in_at(node_of<P>).set(id_of<M>, testing::make_handler<process_of<P>, M>(std::move(given)));
    }
  }

 private:
  template <class P>
  child_result ask(runtime::child_request_kind kind) {
    if constexpr (detail::is_reachable<T, P>()) {
      return ask_about(node_of<P>, kind);
    } else {
      return child_result::noproc;
    }
  }
  template <class Q>
  static constexpr node_index node_of = detail::found_from_root<T, Q>.node;

  template <class M>
  static constexpr type_id message_id() {
    if constexpr (std::is_void_v<M>) {
      return {};
    } else {
      return id_of<M>;
    }
  }
  template <class Q>
  static constexpr node_index end_of() {
    if constexpr (std::is_same_v<Q, outside>) {
      return no_node;
    } else if constexpr (detail::is_reachable<T, Q>()) {
      return node_of<Q>;
    } else {
      return no_node;
    }
  }

  [[no_unique_address]] check<T> check_;
};

}  // namespace espalier
