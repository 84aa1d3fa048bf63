// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/sentences.hpp>
#include <espalier/process/operations.hpp>

namespace espalier {

template <class Name>
struct sends_to;
template <class Message>
struct handles_no;
template <class Message>
struct does_not_reply_to;
template <class Message>
struct calls_with;
template <class Value>
struct reads_environment;
struct which_is_not_declared;
struct which_is_only_declared_for_casts;
struct which_names_no_reply;

/// A message that was sent with `send_after` or `send_every`, to cancel it by.
struct timer_id {
  std::uint64_t number = 0;
};

namespace detail {

struct deduced;

template <class M, class... Args>
struct message_type {
  using type = M;
};
template <class Arg>
struct message_type<deduced, Arg> {
  using type = std::remove_cvref_t<Arg>;
};

/// What a process declares about a name: where its address stands, and whether it may call it.
struct declared_edge {
  bool found = false;
  bool callable = false;
  std::size_t position = 0;
};

template <class P>
constexpr declared_edge find_edge(type_id name) {
  declared_edge out;
  for (std::size_t i = edges_of<P>::addressed; i != 0; --i) {
    const edge e = edges_of<P>::list[i - 1];
    if (e.name != name || e.kind == edge_kind::starts) continue;
    out.found = true;
    out.position = i - 1;
    out.callable = out.callable || e.kind == edge_kind::calls;
  }
  return out;
}
template <class P, class Q>
inline constexpr declared_edge edge_to = find_edge<P>(id_of<Q>);

template <class P, class C>
struct position_in_needs;
template <class... Needs, class C>
struct position_in_needs<environment<Needs...>, C> {
  static constexpr std::size_t size = sizeof...(Needs);
  static constexpr std::size_t value = ids_of<Needs...>.position(id_of<C>);
};

template <class P>
struct needs_of {
  using type = environment<>;
};
template <class P>
requires requires { typename P::needs; }
struct needs_of<P> {
  using type = typename P::needs;
};

// The checks at a call site, most basic first, and only the first that fails is said.

// Each is a function of its own, of just the types that it names, so that it is said once however often it is
// made.

template <class P, class Q>
constexpr bool refuse_undeclared_cast() {
  static_assert(ill_formed<P, sends_to<Q>, which_is_not_declared>,
                "espalier: a process sends to a name that it does not declare; add the name to its "
                "using calls = es::processes<...> or using casts = es::processes<...>");
  return false;
}
template <class P, class Q>
constexpr bool refuse_undeclared_call() {
  static_assert(ill_formed<P, calls<Q>, which_is_not_declared>,
                "espalier: a process calls a name that it does not declare; "
                "add the name to its using calls = es::processes<...>");
  return false;
}
template <class P, class Q>
constexpr bool refuse_call_of_cast_name() {
  static_assert(
      ill_formed<P, calls<Q>, which_is_only_declared_for_casts>,
      "espalier: a process calls a name that it declares for casts only; move the name from casts to calls");
  return false;
}
template <class P>
constexpr bool refuse_call_to_itself() {
  static_assert(ill_formed<P, calls<P>, which_is_itself>,
                "espalier: a process calls itself, and would wait for itself; use a member function");
  return false;
}
template <class Q, class M>
constexpr bool refuse_unhandled() {
  static_assert(ill_formed<Q, handles_no<M>>,
                "espalier: a process has no handler for a message that is sent to it; "
                "add void handle(M) or a handle with es::context<P>& as its second parameter");
  return false;
}
template <class Q, class M>
constexpr bool refuse_call_without_reply() {
  static_assert(
      ill_formed<Q, calls_with<M>, which_names_no_reply>,
      "espalier: a message that names no reply is used for a call; cast it, or add using reply = ...");
  return false;
}
template <class Q, class M>
constexpr bool refuse_wrong_reply() {
  static_assert(ill_formed<Q, does_not_reply_to<M>>,
                "espalier: what a handler answers does not convert to the reply that its message names; "
                "return that type, or an es::task of it");
  return false;
}

template <class P, class Q, class M>
constexpr bool may_cast() {
  if constexpr (!std::is_same_v<P, Q> && !edge_to<P, Q>.found) {
    return refuse_undeclared_cast<P, Q>();
  } else if constexpr (!handles<process_of<Q>, M>) {
    return refuse_unhandled<Q, M>();
  } else {
    return true;
  }
}

/// The checks of a message that wants a reply.
template <class Q, class M>
constexpr bool may_ask() {
  if constexpr (!call_message<M>) {
    return refuse_call_without_reply<Q, M>();
  } else if constexpr (!handles<process_of<Q>, M>) {
    return refuse_unhandled<Q, M>();
  } else if constexpr (!reply_fits<process_of<Q>, M>) {
    return refuse_wrong_reply<Q, M>();
  } else {
    return true;
  }
}

template <class P, class Q, class M>
constexpr bool may_call() {
  if constexpr (std::is_same_v<P, Q>) {
    return refuse_call_to_itself<P>();
  } else if constexpr (!edge_to<P, Q>.found) {
    return refuse_undeclared_call<P, Q>();
  } else if constexpr (!edge_to<P, Q>.callable) {
    return refuse_call_of_cast_name<P, Q>();
  } else {
    return may_ask<Q, M>();
  }
}

}  // namespace detail

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

  /// Sends a message and goes on. A message to a process that is parked is dropped.
  template <class Q, class M = detail::deduced, class... Args>
  void cast(Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (detail::may_cast<P, Q, message>()) {
      std::unique_ptr<runtime::envelope> mail(
          new runtime::message<process_of<Q>, message>(std::in_place, std::forward<Args>(args)...));
      if (runtime::post(address_of<Q>(), *mail, true)) static_cast<void>(mail.release());
    }
  }

  /// Sends a request; awaited, it is the reply. Throws `es::call_failed` after 5 s, or when the callee ends
  /// without answering.
  template <class Q, class M = detail::deduced, class... Args>
  auto call(Args&&... args) {
    return call_for<Q, M>(default_call_limit, std::forward<Args>(args)...);
  }
  /// The same with a limit of its own; `es::infinity` is possible.
  template <class Q, class M = detail::deduced, class... Args>
  auto call_for(duration limit, Args&&... args) {
    return make_call<detail::throwing_call, Q, M>(limit, std::forward<Args>(args)...);
  }
  /// Sends a request; awaited, it is an `es::answer` with the reply or the reason why there is none.
  template <class Q, class M = detail::deduced, class... Args>
  auto try_call(Args&&... args) {
    return try_call_for<Q, M>(default_call_limit, std::forward<Args>(args)...);
  }
  template <class Q, class M = detail::deduced, class... Args>
  auto try_call_for(duration limit, Args&&... args) {
    return make_call<detail::answering_call, Q, M>(limit, std::forward<Args>(args)...);
  }

  /// Sends this process a message after `delay`. It is dropped if the incarnation ends before.
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
  void stop(exit_reason why = reason::normal) { self_->asked_to_stop = std::move(why); }
  /// Whether this process has been asked to stop, by itself or by its supervisor. A long handler looks at it.
  bool stopping() const { return self_->asked_to_stop.has_value() || runtime::is_stopping(self_->home); }

  /// Which life of this process it is, from 1.
  std::uint64_t incarnation() const { return self_->number; }

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
  runtime::place& address_of() {
    if constexpr (detail::edge_to<P, Q>.found) {
      return runtime::neighbour(self_->home, detail::edge_to<P, Q>.position);
    } else {
      return self_->home;
    }
  }

  template <template <class> class Operation, class Q, class M, class... Args>
  auto make_call(duration limit, Args&&... args) {
    using message = typename detail::message_type<M, Args...>::type;
    if constexpr (detail::may_call<P, Q, message>()) {
      using operation = Operation<detail::reply_of<message>>;
      return operation(*self_, address_of<Q>(), id_of<Q>,
                       std::make_unique<runtime::message<process_of<Q>, message>>(
                           std::in_place, std::forward<Args>(args)...),
                       limit);
    } else {
      return detail::await_after_mistake{};
    }
  }

  template <bool Repeated, class M>
  timer_id later(duration delay, duration period, M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast<P, P, message>()) {
      return {runtime::send_later(
          *self_, std::make_unique<runtime::message<P, message, Repeated>>(std::in_place, std::forward<M>(m)),
          delay, period)};
    } else {
      return {};
    }
  }

  runtime::incarnation* self_;
};

}  // namespace espalier
