// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/questions.hpp>
#include <espalier/runtime/outside_call.hpp>
#include <espalier/runtime/pool.hpp>
#include <espalier/system/wiring.hpp>

namespace espalier {

/// How a system runs.
struct settings {
  /// Threads that run processes; 0 means one for each core.
  unsigned workers = 0;
  /// Where crash reports go.
  report_sink on_report = report_to_stderr;
};

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
      auto kept = std::make_shared<given<C...>>(std::move(values));
      values_ = kept;
      auto types = detail::process_types<T>(kept->values);
      pool_ = std::make_unique<runtime::pool>(workers_of(how));
      engine_ = std::make_unique<runtime::engine>(
          detail::view_of<T>, detail::lookup_of<T>, std::move(types), *pool_,
          runtime::engine::hooks{std::move(how.on_report), nullptr, [this] { stage_changed(); }});
      engine_->start();
      if (wait_past(runtime::stage::starting) == runtime::stage::start_failed) {
        const exit_reason why = engine_->why();
        pool_.reset();
        throw start_failed(why);
      }
    }
  }
  system(system const&) = delete;
  system& operator=(system const&) = delete;

  ~system() {
    if (engine_ == nullptr) return;
    ask_to_stop();
    wait_past(runtime::stage::up);
    pool_.reset();  // before the places that its workers run
  }

  /// Sends a request and blocks until the reply. Throws `es::call_failed` after `limit`, or when the process
  /// ends without answering, or at once if there is none.
  template <class Q, class M>
  detail::reply_of<std::remove_cvref_t<M>> call(M&& m, duration limit = default_call_limit) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_ask_from_outside<T, Q, message>()) {
      refuse_in_handler("call");
      return detail::call_from_outside<Q, message>(place_of<Q>(), std::forward<M>(m),
                                                   [&](runtime::outside_call& c) { return c.wait(limit); });
    } else {
      std::abort();
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
    if (engine_ == nullptr) return;
    refuse_in_handler("stop");
    ask_to_stop();
    wait_past(runtime::stage::up);
  }

  /// Asks the tree to stop, and returns.
  void ask_to_stop() {
    if (engine_ != nullptr) engine_->stop();
  }

  /// Blocks until the root has ended, and answers why; `cause()` is the reason behind it.
  exit_reason wait() {
    if (engine_ == nullptr) return {};
    refuse_in_handler("wait");
    wait_past(runtime::stage::up);
    return engine_->why();
  }

  /// Whether the root ended because it exceeded its intensity. Only after `wait` or `stop`.
  bool gave_up() const { return engine_ != nullptr && engine_->how() == plan::ending::gave_up; }

 private:
  static unsigned workers_of(settings const& how) {
    if (how.workers != 0) return how.workers;
    const unsigned cores = std::thread::hardware_concurrency();
    return cores == 0 ? 1 : cores;
  }

  template <class Q>
  runtime::place& place_of() {
    return engine_->at(detail::found_from_root<T, Q>.node);
  }

  void refuse_in_handler(char const* what) const {
    if (pool_ != nullptr && pool_->is_worker()) {
      throw std::logic_error(std::string("espalier: system.") + what +
                             " inside a handler would block its worker; use the handler's es::context");
    }
  }

  void stage_changed() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  /// Blocks while the tree is at `s`, or before it.
  runtime::stage wait_past(runtime::stage s) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return engine_->where() > s; });
    return engine_->where();
  }

  // Prints the tree's mistakes.
  [[no_unique_address]] check<T> check_;

  std::shared_ptr<void> values_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<runtime::engine> engine_;
  std::unique_ptr<runtime::pool> pool_;
};

}  // namespace espalier
