// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/links.hpp>
#include <espalier/check/sentences.hpp>
#include <espalier/process/ref.hpp>

// What the compiler checks where a process sends, calls, starts or watches, with the notices that it may get.
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
struct which_needs_a_key;
struct which_takes_no_key;
template <class Value>
struct has_no_stable_hash;
struct which_is_not_declared;
struct which_is_only_declared_for_casts;
struct which_names_no_reply;
template <class... Args>
struct started_with;
struct which_it_does_not_take;

template <class Name>
struct watches;

/// The notice that a process which was monitored has ended, or that there is none: then its reason is
/// `noproc`.
template <class Name>
struct down {
  std::uint64_t incarnation = 0;
  exit_reason reason;
};
/// The exit signal of a linked process, or of one that called `exit`, to a process that traps exits.
template <class Name>
struct exited {
  std::uint64_t incarnation = 0;
  exit_reason reason;
};

/// A monitor, to give it up by.
struct monitor_id {
  std::uint64_t number = 0;
};

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
/// Where a dynamic supervisor stands among the names that a process declares.
template <class P, class D>
inline constexpr declared_edge starts_edge = [] {
  declared_edge out;
  for (std::size_t i = 0; i != edges_of<P>::addressed; ++i) {
    const edge e = edges_of<P>::list[i];
    if (e.kind == edge_kind::starts && e.name == id_of<D>) out = {true, false, i};
  }
  return out;
}();

template <class P, class D>
constexpr bool refuse_undeclared_start() {
  static_assert(ill_formed<P, starts_children_of<D>, which_is_not_declared>,
                "espalier: a process starts children of a dynamic supervisor that it does not declare; "
                "add the name to its using starts = es::processes<...>");
  return false;
}
template <class D, class... Args>
constexpr bool takes_arguments() {
  if constexpr (argument_tuple<typename args_of<child_process<D>>::type>::template takes<Args...>) {
    return true;
  } else {
    static_assert(
        ill_formed<child_process<D>, started_with<std::remove_cvref_t<Args>...>, which_it_does_not_take>,
        "espalier: a child is started with other arguments than it declares; "
        "give what its using args = es::arguments<...> says");
    return false;
  }
}
template <class D, class... Args>
std::shared_ptr<void const> keep_arguments(Args&&... args) {
  using tuple = typename argument_tuple<typename args_of<child_process<D>>::type>::type;
  if constexpr (sizeof...(Args) == 0) {
    return nullptr;
  } else {
    return std::make_shared<tuple const>(std::forward<Args>(args)...);
  }
}

template <class P, class Q>
constexpr bool refuse_undeclared_watch() {
  static_assert(
      ill_formed<P, watches<Q>, which_is_not_declared>,
      "espalier: a process monitors, links to or ends a name that it does not declare; add the name to "
      "its using calls = es::processes<...> or using casts = es::processes<...>");
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

template <class Q>
constexpr bool refuse_without_key() {
  static_assert(ill_formed<Q, which_needs_a_key>,
                "espalier: a partitioned supervisor is used without a key where one process is meant; "
                "give the key first: call<D, M>(es::key{k}, ...)");
  return false;
}
template <class Q>
constexpr bool refuse_key() {
  static_assert(ill_formed<Q, which_takes_no_key>,
                "espalier: a key is given where there is one process; remove the key, or name an "
                "es::partitioned supervisor");
  return false;
}
template <class K>
constexpr bool refuse_unstable_key() {
  static_assert(ill_formed<K, has_no_stable_hash<K>>,
                "espalier: a key has no hash that is the same everywhere; give a number, an enum or a text");
  return false;
}

/// Whether `Q` is partitioned where a key, or no key, is given.
template <class Q, class K = void>
constexpr bool fits_key() {
  if constexpr (std::is_void_v<K>) {
    if constexpr (partitioned_type<Q>) {
      return refuse_without_key<Q>();
    } else {
      return true;
    }
  } else if constexpr (!partitioned_type<Q>) {
    return refuse_key<Q>();
  } else if constexpr (!has_stable_hash<K>) {
    return refuse_unstable_key<K>();
  } else {
    return true;
  }
}
/// Which of the partitions of `D` a key leads to.
template <class D, class K>
constexpr std::size_t partition_for(key<K> const& k) {
  return static_cast<std::size_t>(stable_hash(k.value) % static_cast<std::uint64_t>(D::espalier_partitions));
}

/// Whether a process may ask about, or end, the one that a name stands for.
template <class P, class Q>
constexpr bool may_watch() {
  if constexpr (!fits_key<Q>()) {
    return false;
  } else if constexpr (!edge_to<P, Q>.found) {
    return refuse_undeclared_watch<P, Q>();
  } else {
    return true;
  }
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

/// Where the process `Q` stands in a child `S` of a dynamic supervisor, from the first of its processes.
template <class S>
constexpr node_index first_process() {
  node_index i = 0;
  while (view_of<S>[i].supervisor || view_of<S>.is_pattern(i)) ++i;
  return i;
}
template <class S, class Q>
inline constexpr resolution found_inside = resolve_from_root(view_of<S>, lookup_of<S>, id_of<Q>);

template <class S, class Q>
constexpr bool is_inside() {
  if constexpr (!supervisor_type<S>) {
    static_assert(ill_formed<S, is_not_a_supervisor>,
                  "espalier: a process is looked for in a child that is a process itself; send to its ref");
    return false;
  } else if constexpr (!fits_key<Q>()) {
    return false;
  } else if constexpr (found_inside<S, Q>.what == found::nowhere) {
    static_assert(ill_formed<Q, which_is_not_in_scope, under<S>>,
                  "espalier: a name is not in a child of a dynamic supervisor; use a name that is there");
    return false;
  } else if constexpr (found_inside<S, Q>.what == found::often) {
    static_assert(ill_formed<Q, which_is_ambiguous, under<S>>,
                  "espalier: a name stands more than once in a child of a dynamic supervisor; "
                  "tell the processes apart: struct second : es::name_for<P> {}");
    return false;
  } else {
    return true;
  }
}

/// Whether a `ref` leads to a process, which can be watched and linked to.
template <class Q>
constexpr bool may_watch_ref() {
  if constexpr (supervisor_type<Q>) {
    static_assert(ill_formed<Q, is_not_a_process>,
                  "espalier: a supervisor is monitored, linked to or ended by a process; "
                  "name a process in it: ref.member<P>()");
    return false;
  } else {
    return true;
  }
}

/// A notice about the end of `About` to a `Receiver`; empty if that has no handler for it.
template <class Receiver, template <class> class Notice, class About>
runtime::death_notice make_notice() {
  if constexpr (handles<Receiver, Notice<About>>) {
    using mail = runtime::message<Receiver, Notice<About>>;
    return {std::make_unique<mail>(std::in_place),
            [](runtime::envelope& e, std::uint64_t incarnation, exit_reason const& why) {
              static_cast<mail&>(e).content() = {incarnation, why};
            }};
  } else {
    return {};
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

template <class P>
template <class Q>
ref<process_of<Q>> ref<P>::member() const {
  if constexpr (detail::is_inside<P, Q>()) {
    if (where_.at == nullptr) return {};
    constexpr node_index first = detail::first_process<P>();
    // Places stand side by side, in the order of their records.
    constexpr node_index at = detail::found_inside<P, Q>.node - first + detail::view_of<P>[first].number;
    return ref<process_of<Q>>({&runtime::partition(*where_.at, at), where_.generation});
  } else {
    return {};
  }
}

}  // namespace espalier
