// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/call_checks.hpp>

namespace espalier {

/// What a process can do with the rest of its tree. Handed to constructors, `init`, handlers and `terminate`,
/// and valid as long as the incarnation. Used only from the process's own code. It does not know the tree, so
/// handlers may be compiled apart from it.
///
/// `Q` is a name in the process's `calls` or `casts`. A message is built from arguments, `call<Q,
/// M>(args...)`, or handed over, `call<Q>(m)`.
template <class P>
class context {
 public:
  explicit context(runtime::incarnation& self) : self_(&self) {}
  context(context const&) = delete;
  context& operator=(context const&) = delete;

  /// Sends a message and goes on. A message to a process that is parked is dropped. If the mailbox is full
  /// and its overflow is `suspend`, this process takes up no other message until there is room.
  template <class Q, class M = detail::deduced, class... Args>
  requires(detail::are_plain<Args...>) void cast(Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (detail::fits_key<Q>() && detail::may_cast<P, Q, message>()) {
      send<Q, message>(address_of<Q>(), std::forward<Args>(args)...);
    }
  }

  /// Sends a request; awaited, it is the reply. Throws `es::call_failed` after 5 s, or when the callee ends
  /// without answering.
  template <class Q, class M = detail::deduced, class... Args>
  requires(detail::are_plain<Args...>) auto call(Args&&... args) {
    return call_for<Q, M>(default_call_limit, std::forward<Args>(args)...);
  }
  /// The same with a limit of its own; `es::infinity` is possible.
  template <class Q, class M = detail::deduced, class... Args>
  requires(detail::are_plain<Args...>) auto call_for(duration limit, Args&&... args) {
    return make_call<detail::throwing_call, Q, M>(limit, std::forward<Args>(args)...);
  }
  /// Sends a request; awaited, it is an `es::answer` with the reply or the reason why there is none.
  template <class Q, class M = detail::deduced, class... Args>
  requires(detail::are_plain<Args...>) auto try_call(Args&&... args) {
    return try_call_for<Q, M>(default_call_limit, std::forward<Args>(args)...);
  }
  template <class Q, class M = detail::deduced, class... Args>
  requires(detail::are_plain<Args...>) auto try_call_for(duration limit, Args&&... args) {
    return make_call<detail::answering_call, Q, M>(limit, std::forward<Args>(args)...);
  }

  // To the process of a partitioned supervisor that a key leads to: `call<D, M>(es::key{k}, args...)`.

  template <class D, class M = detail::deduced, class K, class... Args>
  void cast(key<K> const& k, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (!detail::fits_key<D, K>()) {
      return;
    } else if constexpr (detail::may_cast<P, D, message>()) {
      send<D, message>(runtime::partition(address_of<D>(), detail::partition_for<D>(k)),
                       std::forward<Args>(args)...);
    }
  }
  template <class D, class M = detail::deduced, class K, class... Args>
  auto call(key<K> const& k, Args&&... args) {
    return call_for<D, M>(default_call_limit, k, std::forward<Args>(args)...);
  }
  template <class D, class M = detail::deduced, class K, class... Args>
  auto call_for(duration limit, key<K> const& k, Args&&... args) {
    return make_call_by_key<detail::throwing_call, D, M>(limit, k, std::forward<Args>(args)...);
  }
  template <class D, class M = detail::deduced, class K, class... Args>
  auto try_call(key<K> const& k, Args&&... args) {
    return try_call_for<D, M>(default_call_limit, k, std::forward<Args>(args)...);
  }
  template <class D, class M = detail::deduced, class K, class... Args>
  auto try_call_for(duration limit, key<K> const& k, Args&&... args) {
    return make_call_by_key<detail::answering_call, D, M>(limit, k, std::forward<Args>(args)...);
  }
  /// Which partition of its supervisor this process is, from 0; without a partitioned one, which child.
  std::size_t partition() const { return runtime::partition_number(self_->home); }

  // To a dynamic process, through its `ref`: `call(to, m)` or `call<M>(to, args...)`. A limit of
  // `es::infinity` throws `std::invalid_argument`.

  template <class M = detail::deduced, class Q, class... Args>
  void cast(ref<Q> const& to, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (!detail::handles<Q, message>) {
      detail::refuse_unhandled<Q, message>();
    } else {
      std::unique_ptr<runtime::envelope> mail(
          new runtime::message<Q, message>(std::in_place, std::forward<Args>(args)...));
      const runtime::delivery sent = runtime::send(*self_, detail::address_in(to), *mail);
      if (sent) static_cast<void>(mail.release());
      if (sent.is_full()) runtime::wait_for_room(*self_, *detail::address_in(to).at);
    }
  }
  template <class M = detail::deduced, class Q, class... Args>
  auto call(ref<Q> const& to, Args&&... args) {
    return call_for<M>(default_call_limit, to, std::forward<Args>(args)...);
  }
  template <class M = detail::deduced, class Q, class... Args>
  auto call_for(duration limit, ref<Q> const& to, Args&&... args) {
    return make_call_to<detail::throwing_call, M>(limit, to, std::forward<Args>(args)...);
  }
  template <class M = detail::deduced, class Q, class... Args>
  auto try_call(ref<Q> const& to, Args&&... args) {
    return try_call_for<M>(default_call_limit, to, std::forward<Args>(args)...);
  }
  template <class M = detail::deduced, class Q, class... Args>
  auto try_call_for(duration limit, ref<Q> const& to, Args&&... args) {
    return make_call_to<detail::answering_call, M>(limit, to, std::forward<Args>(args)...);
  }

  /// Starts a child of the dynamic supervisor `D`, which stands in this process's `starts`. Awaited, it is
  /// the child's `es::ref`, empty if its start function declined. Throws `es::call_failed` with the reason if
  /// it did not start: its own, `max_children`, or `noproc` if `D` does not run.
  template <class D, class... Args>
  auto start_child(Args&&... args) {
    if constexpr (!detail::starts_edge<P, D>.found) {
      detail::refuse_undeclared_start<P, D>();
      return detail::await_after_mistake{};
    } else if constexpr (!detail::takes_arguments<D, Args...>()) {
      return detail::await_after_mistake{};
    } else {
      return detail::start_operation<D>(*self_, detail::starts_edge<P, D>.position,
                                        detail::keep_arguments<D>(std::forward<Args>(args)...));
    }
  }
  /// Stops a dynamic child for good. Awaited, it is `ok`, or `not_found` if it has ended already.
  template <class Q>
  auto terminate_child(ref<Q> const& child) {
    return detail::terminate_operation(*self_, detail::address_in(child), detail::supervisor_type<Q>);
  }

  /// As for a static process. Throws `std::invalid_argument` for an empty `ref`.
  template <class Q>
  monitor_id monitor(ref<Q> const& child) {
    if constexpr (!detail::may_watch_ref<Q>()) {
      return {};
    } else if constexpr (!detail::handles<P, down<Q>>) {
      detail::refuse_unhandled<P, down<Q>>();
      return {};
    } else {
      return {runtime::monitor(*self_, place_in(child), detail::make_notice<P, down, Q>(),
                               detail::address_in(child).generation)};
    }
  }
  template <class Q>
  void link(ref<Q> const& child) {
    if constexpr (detail::may_watch_ref<Q>()) {
      runtime::link(*self_, place_in(child), detail::make_notice<P, exited, Q>(),
                    detail::make_notice<Q, exited, P>(), detail::address_in(child).generation);
    }
  }
  template <class Q>
  void unlink(ref<Q> const& child) {
    if constexpr (detail::may_watch_ref<Q>()) runtime::unlink(*self_, place_in(child));
  }
  template <class Q>
  void exit(ref<Q> const& child, exit_reason why) {
    if constexpr (detail::may_watch_ref<Q>()) {
      runtime::exit(*self_, place_in(child), std::move(why), detail::make_notice<Q, exited, P>(),
                    detail::address_in(child).generation);
    }
  }

  /// Sends this process a message after `delay`, behind what has come by then; if a handler runs at that
  /// time, when it has returned. It is dropped if the incarnation ends before.
  template <class M>
  timer_id send_after(duration delay, M&& m) {
    return later<false>(delay, {}, std::forward<M>(m));
  }
  /// Sends this process a copy of a message every `period`, first after one period. A late tick is not made
  /// up for. Throws `std::invalid_argument` if the period is not positive.
  template <class M>
  timer_id send_every(duration period, M&& m) {
    if (period <= duration{}) throw std::invalid_argument("espalier: send_every needs a positive period");
    return later<true>(period, period, std::forward<M>(m));
  }
  /// Cancels a message from `send_after` or `send_every`. Answers false if it has been sent already.
  bool cancel(timer_id timer) { return runtime::cancel_later(*self_, timer.number); }

  /// Suspends the handler; no other message of this process is handled meanwhile.
  auto sleep(duration d) { return detail::sleep_operation(*self_, d); }

  /// Ends this process once the handler is done. In a constructor or `init`, the start fails with that
  /// reason.
  void stop(exit_reason why = reason::normal) { self_->ask_to_stop(std::move(why)); }
  /// Whether this process has been asked to stop, by itself or by its supervisor. A long handler looks at it.
  bool stopping() const { return self_->is_asked_to_stop || runtime::is_stopping(*self_); }

  /// Sends this process an `es::down<Q>` when the present incarnation of `Q` ends, or the next one if it is
  /// being restarted; at once if it is parked.
  template <class Q>
  monitor_id monitor() {
    if constexpr (!detail::may_watch<P, Q>()) {
      return {};
    } else if constexpr (!detail::handles<P, down<Q>>) {
      detail::refuse_unhandled<P, down<Q>>();
    } else {
      return {runtime::monitor(*self_, address_of<Q>(), detail::make_notice<P, down, Q>())};
    }
    return {};
  }
  /// Gives up a monitor: its notice does not come any more. Answers false if it has been handled.
  bool demonitor(monitor_id m) { return runtime::demonitor(*self_, m.number); }

  /// From now on the abnormal end of this process ends the present incarnation of `Q`, or the next one if it
  /// is being restarted, and the other way round. A process that traps exits is sent an `es::exited` instead,
  /// also of a normal end, if it handles that. A parked `Q` ends this process with `noproc`.
  template <class Q>
  void link() {
    if constexpr (!detail::may_watch<P, Q>()) {
      return;
    } else {
      runtime::link(*self_, address_of<Q>(), detail::make_notice<P, exited, Q>(),
                    detail::make_notice<process_of<Q>, exited, P>());
    }
  }
  template <class Q>
  void unlink() {
    if constexpr (!detail::may_watch<P, Q>()) {
      return;
    } else {
      runtime::unlink(*self_, address_of<Q>());
    }
  }
  /// Sends `Q` an exit signal. It ends with that reason at its next suspension point, ahead of its queue,
  /// unless it traps exits, or the reason is `normal`. `killed` cannot be trapped, and its `terminate` does
  /// not run.
  template <class Q>
  void exit(exit_reason why) {
    if constexpr (detail::may_watch<P, Q>()) {
      runtime::exit(*self_, address_of<Q>(), std::move(why), detail::make_notice<process_of<Q>, exited, P>());
    }
  }
  /// Stops `Q`, and leaves it without a process; `ok` also if it has none. Awaited, it is an
  /// `es::child_result`, and `below` if this process is below the supervisor of `Q`.
  template <class Q>
  auto terminate_child() {
    return request_about<Q>(runtime::child_request_kind::terminate);
  }
  /// Starts `Q`, and no sibling, if it has no process.
  template <class Q>
  auto restart_child() {
    return request_about<Q>(runtime::child_request_kind::restart);
  }
  /// Restarts what a crash of `Q` would restart. Nothing is counted.
  template <class Q>
  auto restart_group() {
    return request_about<Q>(runtime::child_request_kind::restart_group);
  }

  /// From now on exit signals come as messages, `es::exited`, or end this process again.
  void trap_exits(bool trap = true) { self_->traps_exits = trap; }

  /// Which life of this process it is, from 1.
  std::uint64_t incarnation() const { return self_->shown_number; }

  /// A value that the process declares in its `needs`, as given to `es::system` or `es::run` with `es::with`.
  template <class C>
  C const& environment() const {
    using position = detail::position_in_needs<typename detail::needs_of<P>::type, C>;
    if constexpr (position::value == position::size) {
      static_assert(ill_formed<P, reads_environment<C>, which_is_not_declared>,
                    "espalier: a process reads a value that it does not declare; add it to its "
                    "using needs = es::environment<...>");
      std::abort();
    } else {
      return *static_cast<C const*>(runtime::environment_of(self_->home, position::value));
    }
  }

 private:
  template <class Q>
  auto request_about(runtime::child_request_kind kind) {
    if constexpr (!detail::may_watch<P, Q>()) {
      return detail::await_after_mistake{};
    } else {
      return detail::child_operation(*self_, address_of<Q>(), kind);
    }
  }
  template <class Q>
  runtime::place& address_of() {
    if constexpr (detail::edge_to<P, Q>.found) {
      return runtime::neighbour(self_->home, detail::edge_to<P, Q>.position);
    } else {
      return self_->home;
    }
  }

  template <class Q, class Message, class... Args>
  void send(runtime::place& to, Args&&... args) {
    std::unique_ptr<runtime::envelope> mail(
        new runtime::message<process_of<Q>, Message>(std::in_place, std::forward<Args>(args)...));
    mail->to_itself = std::is_same_v<P, Q>;
    const runtime::delivery sent = runtime::send(*self_, to, *mail);
    if (sent) static_cast<void>(mail.release());
    if (sent.is_full()) runtime::wait_for_room(*self_, to);
  }

  template <template <class> class Operation, class Q, class M, class... Args>
  auto make_call(duration limit, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (!detail::fits_key<Q>()) {
      return detail::await_after_mistake{};
    } else if constexpr (detail::may_call<P, Q, message>()) {
      return make_call_at<Operation, Q, message>(limit, address_of<Q>(), std::forward<Args>(args)...);
    } else {
      return detail::await_after_mistake{};
    }
  }
  template <template <class> class Operation, class D, class M, class K, class... Args>
  auto make_call_by_key(duration limit, key<K> const& k, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (!detail::fits_key<D, K>()) {
      return detail::await_after_mistake{};
    } else if constexpr (detail::may_call<P, D, message>()) {
      runtime::place& to = runtime::partition(address_of<D>(), detail::partition_for<D>(k));
      return make_call_at<Operation, D, message>(limit, to, std::forward<Args>(args)...);
    } else {
      return detail::await_after_mistake{};
    }
  }
  template <template <class> class Operation, class Q, class Message, class... Args>
  auto make_call_at(duration limit, runtime::place& to, Args&&... args) {
    return Operation<detail::reply_of<Message>>(*self_, runtime::child_address{&to, 0}, id_of<Q>,
                                                std::make_unique<runtime::message<process_of<Q>, Message>>(
                                                    std::in_place, std::forward<Args>(args)...),
                                                limit);
  }

  template <template <class> class Operation, class M, class Q, class... Args>
  auto make_call_to(duration limit, ref<Q> const& to, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (detail::may_ask<Q, message>()) {
      using operation = Operation<detail::reply_of<message>>;
      return operation(
          *self_, detail::address_in(to), id_of<Q>,
          std::make_unique<runtime::message<Q, message>>(std::in_place, std::forward<Args>(args)...),
          detail::limit_of_ref_call(limit));
    } else {
      return detail::await_after_mistake{};
    }
  }
  template <class Q>
  static runtime::place& place_in(ref<Q> const& child) {
    if (!child) throw std::invalid_argument("espalier: an empty es::ref leads to no process");
    return *detail::address_in(child).at;
  }

  template <bool Repeated, class M>
  timer_id later(duration delay, duration period, M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (!detail::may_cast<P, P, message>()) {
      return {};
    } else if constexpr (!Repeated && runtime::is_plain<message>) {
      const message sent(std::forward<M>(m));
      const auto mail = runtime::as_plain<runtime::message<P, message>>(sent);
      return {runtime::send_later(*self_, mail, delay)};
    } else {
      return {runtime::send_later(
          *self_, std::make_unique<runtime::message<P, message, Repeated>>(std::in_place, std::forward<M>(m)),
          delay, period)};
    }
  }

  runtime::incarnation* self_;
};

}  // namespace espalier
