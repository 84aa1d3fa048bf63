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

namespace detail {

/// Which record a name means from outside. A name that is not there, or there twice, does not compile.
template <class T, class Q>
constexpr bool is_reachable() {
  if constexpr (found_from_root<T, Q>.what == found::nowhere) {
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

template <class T, class Q, class M>
constexpr bool may_ask_from_outside() {
  if constexpr (!is_valid<T>) {
    return false;  // said already
  } else if constexpr (!is_reachable<T, Q>()) {
    return false;
  } else {
    return may_ask<Q, M>();
  }
}
template <class T, class Q, class M>
constexpr bool may_cast_from_outside() {
  if constexpr (!is_valid<T>) {
    return false;
  } else if constexpr (!is_reachable<T, Q>()) {
    return false;
  } else {
    return may_cast<process_of<Q>, process_of<Q>, M>();
  }
}

/// Sends a request from outside and turns its answer into a value. `Wait` takes the call and blocks.
template <class Q, class M, class Message, class Wait>
reply_of<M> call_from_outside(runtime::place& to, Message&& m, Wait wait) {
  auto mail = std::make_unique<runtime::message<process_of<Q>, M>>(std::in_place, std::forward<Message>(m));
  runtime::outside_call* call = runtime::outside_call::make();
  mail->from = {call, 0};
  if (!runtime::post(to, *mail, true)) {
    call->release();
    call->release();
    throw call_failed(id_of<Q>, reason::noproc);
  }
  static_cast<void>(mail.release());
  std::unique_ptr<runtime::request<reply_of<M>>> answered(
      static_cast<runtime::request<reply_of<M>>*>(wait(*call)));
  call->release();
  if (answered == nullptr) throw call_failed(id_of<Q>, reason::timeout);
  if (answered->failure) throw call_failed(id_of<Q>, *answered->failure);
  if constexpr (!std::is_void_v<reply_of<M>>) return std::move(*answered->reply);
}

/// Starts the tree `T`. The values live as long as it does.
template <class T, class... C>
std::shared_ptr<runtime::host> make_host(given<C...> values, settings how) {
  struct kept {
    std::tuple<C...> values;
    std::unique_ptr<runtime::host> host;
  };
  auto both = std::make_shared<kept>(kept{std::move(values.values), nullptr});
  both->host = std::make_unique<runtime::host>(view_of<T>, lookup_of<T>, process_types<T>(both->values),
                                               std::move(how));
  return {both, both->host.get()};
}

}  // namespace detail

/// A running tree. The constructor starts it, child by child in order, and returns when all are up; the
/// destructor stops it in reverse. Its members may be called from any thread, except from inside a handler.
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
      return detail::call_from_outside<Q, message>(place_of<Q>(), std::forward<M>(m),
                                                   [&](runtime::outside_call& c) { return c.wait(limit); });
    } else {
      return detail::after_mistake{};
    }
  }

  /// Sends a message and returns. A message to a process that is parked is dropped.
  template <class Q, class M>
  void cast(M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast_from_outside<T, Q, message>()) {
      std::unique_ptr<runtime::envelope> mail(
          new runtime::message<process_of<Q>, message>(std::in_place, std::forward<M>(m)));
      if (runtime::post(place_of<Q>(), *mail, true)) static_cast<void>(mail.release());
    }
  }

  /// Stops the tree in reverse start order, and returns when it has stopped. A second call only waits.
  void stop() {
    if (host_ == nullptr) return;
    host_->refuse_in_handler("stop");
    host_->ask_to_stop();
    host_->await_end();
  }

  /// Blocks until the root has ended, and answers why; `cause()` is the reason behind it.
  exit_reason wait() {
    if (host_ == nullptr) return {};
    host_->refuse_in_handler("wait");
    host_->await_end();
    return host_->why();
  }

  /// Whether the root ended because it exceeded its intensity. Only after `wait` or `stop`.
  bool gave_up() const { return host_ != nullptr && host_->how() == plan::ending::gave_up; }

 private:
  template <class Q>
  runtime::place& place_of() {
    return host_->at(detail::found_from_root<T, Q>.node);
  }

  // Prints the tree's mistakes.
  [[no_unique_address]] check<T> check_;

  std::shared_ptr<runtime::host> host_;
};

}  // namespace espalier
