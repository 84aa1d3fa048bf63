// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/questions.hpp>
#include <espalier/runtime/host.hpp>
#include <espalier/runtime/outside_call.hpp>
#include <espalier/system/wiring.hpp>

namespace espalier {

/// Thrown by the constructor of a system whose tree did not start.
class start_failed : public std::exception {
 public:
  explicit start_failed(exit_reason const& why) : why_(why) {
    while (why_.cause() != nullptr) {
      child_ = why_.origin();
      why_ = exit_reason(*why_.cause());
    }
    text_ = child_ + " did not start: " + why_.to_string();
  }

  /// The path of the process that did not start.
  std::string const& child() const noexcept { return child_; }
  /// Why it did not.
  exit_reason const& reason() const noexcept { return why_; }
  char const* what() const noexcept override { return text_.c_str(); }

 private:
  exit_reason why_;
  std::string child_;
  std::string text_;
};

struct is_not_dynamic;

namespace detail {

/// Which record a name means from outside. A name that is not there, or there twice, does not compile.
template <class T, class Q, class K = void>
constexpr bool is_reachable() {
  if constexpr (!fits_key<Q, K>()) {
    return false;
  } else if constexpr (found_from_root<T, Q>.what == found::nowhere) {
    static_assert(
        ill_formed<Q, which_is_not_in_scope, under<T>>,
        "espalier: a name is not in the tree; add that process to the tree, or use a name that is there");
    return false;
  } else if constexpr (found_from_root<T, Q>.what == found::often) {
    static_assert(ill_formed<Q, which_is_ambiguous, under<T>>,
                  "espalier: a name stands in the tree more than once; "
                  "tell the processes apart: struct second : es::name_for<P> {}");
    return false;
  } else {
    return true;
  }
}

template <class T, class Q, class M, class K = void>
constexpr bool may_ask_from_outside() {
  if constexpr (!is_valid<T>) {
    return false;  // said already
  } else if constexpr (!is_reachable<T, Q, K>()) {
    return false;
  } else {
    return may_ask<Q, M>();
  }
}
template <class T, class Q, class M, class K = void>
constexpr bool may_cast_from_outside() {
  if constexpr (!is_valid<T>) {
    return false;
  } else if constexpr (!is_reachable<T, Q, K>()) {
    return false;
  } else {
    return may_cast<process_of<Q>, process_of<Q>, M>();
  }
}

/// The record of the partition of `D` that a key leads to.
template <class T, class D, class K>
constexpr node_index partition_of(key<K> const& k) {
  return found_from_root<T, D>.node + static_cast<node_index>(partition_for<D>(k));
}

/// Sends a request from outside and turns its answer into a value. `Wait` takes the call and blocks.
template <class Q, class M, class Message, class Wait>
reply_of<M> call_from_outside(runtime::child_address to, Message&& m, Wait wait) {
  auto mail = std::make_unique<runtime::message<process_of<Q>, M>>(std::in_place, std::forward<Message>(m));
  runtime::outside_call* call = runtime::outside_call::make();
  mail->from = {call, 0};
  if (!runtime::post(to, *mail, true)) {
    call->release();
    call->release();
    throw call_failed(id_of<Q>, reason::noproc);
  }
  static_cast<void>(mail.release());
  const std::unique_ptr<runtime::answerable> answered(wait(*call));
  call->release();
  if (answered == nullptr) throw call_failed(id_of<Q>, reason::timeout);
  if (answered->failure) throw call_failed(id_of<Q>, *answered->failure);
  if constexpr (!std::is_void_v<reply_of<M>>) {
    return std::move(*static_cast<runtime::request<reply_of<M>>&>(*answered).reply);
  }
}

/// Asks a supervisor from outside. `Send` takes the request, `Wait` the call, and blocks.
template <class Request, class Send, class Wait>
auto ask_from_outside(std::unique_ptr<Request> r, Send send, Wait wait) {
  runtime::outside_call* call = runtime::outside_call::make();
  r->from = {call, 0};
  send(*r.release());
  std::unique_ptr<Request> answered(static_cast<Request*>(wait(*call)));
  call->release();
  using result = std::remove_cvref_t<decltype(*answered->reply)>;
  if (answered == nullptr || !answered->reply) {
    if constexpr (std::is_same_v<result, child_result>)
      return child_result::noproc;
    else
      return result{};
  }
  return std::move(*answered->reply);
}

inline child_counts count(std::vector<child_info> const& all) {
  child_counts n{.specs = all.size()};
  for (child_info const& c : all) {
    n.active += c.status == child_status::running ? 1U : 0U;
    (c.is_supervisor ? n.supervisors : n.workers) += 1;
  }
  return n;
}

/// The record of a dynamic supervisor; `no_node` if there is none of that name.
template <class T, class D>
inline constexpr node_index dynamic_named = resolve_dynamic(view_of<T>, no_node, id_of<D>);
template <class T, class D>
constexpr bool is_dynamic_there() {
  if constexpr (!is_valid<T>) {
    return false;
  } else if constexpr (dynamic_named<T, D> == no_node) {
    static_assert(
        ill_formed<D, is_not_dynamic, under<T>>,
        "espalier: a child is started under what is no dynamic supervisor in the tree; name one that is "
        "derived from es::dynamic<...> and stands there");
    return false;
  } else {
    return true;
  }
}
template <class P, class M>
constexpr bool may_cast_to_ref() {
  if constexpr (!handles<P, M>) {
    return refuse_unhandled<P, M>();
  } else {
    return true;
  }
}

/// Starts a dynamic child from outside. `Send` takes the request, `Wait` the call, and blocks.
template <class D, class Send, class Wait, class... Args>
ref<child_process<D>> start_from_outside(Send send, Wait wait, Args&&... args) {
  auto r = std::make_unique<runtime::start_request>(keep_arguments<D>(std::forward<Args>(args)...));
  runtime::outside_call* call = runtime::outside_call::make();
  r->from = {call, 0};
  send(*r.release());
  std::unique_ptr<runtime::start_request> answered(static_cast<runtime::start_request*>(wait(*call)));
  call->release();
  if (answered == nullptr) throw call_failed(id_of<D>, reason::timeout);
  if (answered->failure) throw call_failed(id_of<D>, *answered->failure);
  return ref<child_process<D>>(*answered->reply);
}

/// The record of a supervisor; `no_node` if there is none of that name.
template <class T, class S>
inline constexpr node_index supervisor_named = [] {
  for (node_index i = 0; i != view_of<T>.size; ++i) {
    if (view_of<T>[i].supervisor && !view_of<T>.is_pattern(i) && view_of<T>[i].name == id_of<S>) return i;
  }
  return no_node;
}();
template <class T, class S>
constexpr bool is_supervisor_there() {
  if constexpr (!is_valid<T>) {
    return false;
  } else if constexpr (supervisor_named<T, S> == no_node) {
    static_assert(ill_formed<S, is_not_a_supervisor, under<T>>,
                  "espalier: a name is not that of a supervisor in the tree; name one that is derived from "
                  "es::supervisor<...> and stands there");
    return false;
  } else {
    return true;
  }
}

/// Starts the tree `T`. The values live as long as it does.
template <class T, class... C>
runtime::host_owner make_host(given<C...> values, settings how) {
  struct kept {
    std::tuple<C...> values;
    std::unique_ptr<runtime::host> host;
  };
  auto both = std::make_shared<kept>(kept{std::move(values.values), nullptr});
  both->host = std::make_unique<runtime::host>(view_of<T>, lookup_of<T>, process_types<T>(both->values),
                                               std::move(how));
  return runtime::host_owner({both, both->host.get()});
}

}  // namespace detail

/// A running tree. The constructor starts it, child by child in order, and returns when all are up; the
/// destructor stops it in reverse, and returns within `es::shutdown_bound` and 100 ms more for each process
/// whose function did not return: such functions go on alone, with what the system was given, until they do.
/// If they hold up all workers, the stall limit comes on top.
/// Its members may be called from any thread, except from inside a handler.
template <class T>
class system {
 public:
  system() : system(with()) {}
  explicit system(settings how) : system(with(), std::move(how)) {}
  /// Throws `es::start_failed` if a child does not start; those before it have been stopped by then.
  template <class... C>
  explicit system(given<C...> values, settings how = {}) {
    if constexpr (is_valid<T>) {
      static_assert(sizeof(detail::wiring_check<T, C...>) != 0);
      host_ = detail::make_host<T>(std::move(values), std::move(how));
      if (host_->await_start() == runtime::stage::start_failed) throw start_failed(host_->why());
    }
  }

  /// Sends a request and blocks until the reply. Throws `es::call_failed` after `limit`, or when the process
  /// ends without answering, or at once if there is none.
  template <class Q, class M>
  auto call(M&& m, duration limit = default_call_limit) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_ask_from_outside<T, Q, message>()) {
      host_->refuse_in_handler("call");
      return detail::call_from_outside<Q, message>({&place_of<Q>(), 0}, std::forward<M>(m),
                                                   [&](runtime::outside_call& c) { return c.wait(limit); });
    } else {
      return detail::after_mistake{};
    }
  }

  /// Sends a message and returns. A message to a process that is parked is dropped. If the mailbox is full
  /// and its overflow is `suspend`, this blocks until there is room.
  template <class Q, class M>
  void cast(M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast_from_outside<T, Q, message>()) {
      std::unique_ptr<runtime::envelope> mail(
          new runtime::message<process_of<Q>, message>(std::in_place, std::forward<M>(m)));
      send({&place_of<Q>(), 0}, std::move(mail));
    }
  }

  /// The same to the process of a partitioned supervisor that a key leads to.
  template <class D, class K, class M>
  auto call(key<K> const& k, M&& m, duration limit = default_call_limit) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_ask_from_outside<T, D, message, K>()) {
      host_->refuse_in_handler("call");
      return detail::call_from_outside<D, message>({&host_->at(detail::partition_of<T, D>(k)), 0},
                                                   std::forward<M>(m),
                                                   [&](runtime::outside_call& c) { return c.wait(limit); });
    } else {
      return detail::after_mistake{};
    }
  }
  template <class D, class K, class M>
  void cast(key<K> const& k, M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast_from_outside<T, D, message, K>()) {
      send({&host_->at(detail::partition_of<T, D>(k)), 0},
           std::unique_ptr<runtime::envelope>(
               new runtime::message<process_of<D>, message>(std::in_place, std::forward<M>(m))));
    }
  }

  /// Starts a child of a dynamic supervisor, and returns when it is up; an empty `ref` if its start function
  /// declined. Throws `es::call_failed` with the reason if it did not start.
  template <class D, class... Args>
  auto start_child(Args&&... args) {
    if constexpr (!detail::is_dynamic_there<T, D>()) {
      return detail::after_mistake{};
    } else if constexpr (!detail::takes_arguments<D, Args...>()) {
      return detail::after_mistake{};
    } else {
      host_->refuse_in_handler("start_child");
      return detail::start_from_outside<D>(
          [&](auto& r) { host_->supervisor_at(detail::dynamic_named<T, D>).take_request(r, 0); },
          [](runtime::outside_call& c) { return c.wait(infinity); }, std::forward<Args>(args)...);
    }
  }
  /// Sends a request to a dynamic process and blocks until the reply, as to a static one. Throws
  /// `std::invalid_argument` if the limit is `es::infinity`.
  template <class P, class M>
  auto call(ref<P> const& to, M&& m, duration limit = default_call_limit) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_ask<P, message>()) {
      host_->refuse_in_handler("call");
      limit = detail::limit_of_ref_call(limit);
      return detail::call_from_outside<P, message>(detail::address_in(to), std::forward<M>(m),
                                                   [&](runtime::outside_call& c) { return c.wait(limit); });
    } else {
      return detail::after_mistake{};
    }
  }
  template <class P, class M>
  void cast(ref<P> const& to, M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast_to_ref<P, message>()) {
      send(detail::address_in(to), std::unique_ptr<runtime::envelope>(
                                       new runtime::message<P, message>(std::in_place, std::forward<M>(m))));
    }
  }
  /// Stops a dynamic child for good; `not_found` if it has ended already. Blocks until that is done.
  template <class P>
  child_result terminate_child(ref<P> const& child) {
    if (!child) return child_result::not_found;
    host_->refuse_in_handler("terminate_child");
    return detail::ask_from_outside(
        std::make_unique<runtime::terminate_request>(detail::address_in(child), detail::supervisor_type<P>),
        [&](auto& r) { runtime::ask_supervisor_of(detail::address_in(child), r); },
        [](runtime::outside_call& c) { return c.wait(infinity); });
  }

  /// Stops a child, and leaves it without a process until somebody starts it again; `ok` also if it has none.
  /// Blocks until that is done (reference B.12).
  template <class P>
  child_result terminate_child() {
    return ask_about<P>(runtime::child_request_kind::terminate);
  }
  /// Starts a child, and no sibling, if it has no process.
  template <class P>
  child_result restart_child() {
    return ask_about<P>(runtime::child_request_kind::restart);
  }
  /// Restarts what a crash of the child would restart. Nothing is counted.
  template <class P>
  child_result restart_group() {
    return ask_about<P>(runtime::child_request_kind::restart_group);
  }
  /// The children of a supervisor, in start order; none if it does not run.
  template <class S>
  std::vector<child_info> which_children() {
    if constexpr (detail::is_supervisor_there<T, S>()) {
      host_->refuse_in_handler("which_children");
      return detail::ask_from_outside(
          std::make_unique<runtime::children_request>(),
          [&](auto& r) { host_->supervisor_at(detail::supervisor_named<T, S>).take_request(r, 0); },
          [](runtime::outside_call& c) { return c.wait(infinity); });
    } else {
      return {};
    }
  }
  /// How many children a supervisor has.
  template <class S>
  child_counts count_children() {
    return detail::count(which_children<S>());
  }

  /// Stops the tree in reverse start order, and returns when it has stopped. A second call only waits.
  void stop() {
    if (!host_) return;
    host_->refuse_in_handler("stop");
    host_->ask_to_stop();
    host_->await_end();
  }

  /// Blocks until the root has ended, and answers why; `cause()` is the reason behind it.
  exit_reason wait() {
    if (!host_) return {};
    host_->refuse_in_handler("wait");
    host_->await_end();
    return host_->why();
  }

  /// Whether the root ended because it exceeded its intensity. Only after `wait` or `stop`.
  bool gave_up() const { return host_ && host_->how() == plan::ending::gave_up; }

 private:
  void send(runtime::child_address to, std::unique_ptr<runtime::envelope> mail) {
    const runtime::delivery sent = runtime::post(to, *mail, true);
    if (sent) static_cast<void>(mail.release());
    if (!sent.is_full()) return;
    host_->refuse_in_handler("cast to a full mailbox");
    runtime::outside_room* const room = runtime::outside_room::make(*to.at);
    room->wait();
    room->release();
  }
  template <class P>
  child_result ask_about(runtime::child_request_kind kind) {
    if constexpr (detail::is_reachable<T, P>()) {
      host_->refuse_in_handler("a request about a child");
      return detail::ask_from_outside(
          std::make_unique<runtime::child_request>(kind), [&](auto& r) { place_of<P>().ask_supervisor(r); },
          [](runtime::outside_call& c) { return c.wait(infinity); });
    } else {
      return child_result::noproc;
    }
  }
  template <class Q>
  runtime::place& place_of() {
    return host_->at(detail::found_from_root<T, Q>.node);
  }

  // Prints the tree's mistakes.
  [[no_unique_address]] check<T> check_;

  runtime::host_owner host_;
};

}  // namespace espalier
