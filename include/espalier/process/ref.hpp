// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/administration.hpp>
#include <espalier/tree/child.hpp>
#include <espalier/tree/partitioned.hpp>
#include <tuple>

namespace espalier {

template <class P>
class ref;

namespace runtime {

/// Asks a dynamic supervisor for a child. The reply has no place if the child's start function declined.
struct start_request final : supervisor_request<child_address> {
  explicit start_request(std::shared_ptr<void const> a) : arguments(std::move(a)) {}
  std::shared_ptr<void const> arguments;
};

/// Asks a dynamic supervisor to stop a child; a supervisor inside such a child, one of its processes. Of a
/// child that is a supervisor, `child` is the first of its processes.
struct terminate_request final : supervisor_request<child_result> {
  explicit terminate_request(child_address c, bool s = false) : child(c), of_supervisor(s) {}
  child_address const child;
  bool const of_supervisor;
};

/// Hands a request to the dynamic supervisor at `position` among the names that the process declares. Answers
/// the answer, if that is there at once; then none comes.
answerable* ask_dynamic(incarnation& self, std::size_t position, answerable& r);
/// Hands a request about a child to its supervisor: from a process, or from outside.
void ask_supervisor_of(incarnation& self, child_address const& child, envelope& r);
void ask_supervisor_of(child_address const& child, envelope& r);
}  // namespace runtime

namespace detail {

template <class P>
runtime::child_address const& address_in(ref<P> const& r);

template <class P>
struct args_of {
  using type = arguments<>;
};
template <class P>
requires requires { typename P::args; }
struct args_of<P> {
  using type = typename P::args;
};

template <class List>
struct argument_tuple;
template <class... T>
struct argument_tuple<arguments<T...>> {
  using type = std::tuple<T...>;
  template <class... Given>
  static constexpr bool takes = std::is_constructible_v<type, Given&&...> && sizeof...(Given) == sizeof...(T);
};

template <class T>
inline constexpr bool is_ref = false;
template <class P>
inline constexpr bool is_ref<ref<P>> = true;
/// Whether the first of them is a `ref`.
template <class... Args>
inline constexpr bool begins_with_ref = false;
template <class First, class... Rest>
inline constexpr bool begins_with_ref<First, Rest...> = is_ref<std::remove_cvref_t<First>>;

/// Arguments of a message, and no address before them.
template <class... Args>
inline constexpr bool are_plain = !begins_with_ref<Args...> && !begins_with_key<Args...>;

}  // namespace detail

/// The address of a dynamic process, through its restarts. Once that child has ended for good, calls get
/// `noproc` and casts are dropped; nobody else is ever reached by it. A copyable value, valid while its
/// system lives. That of a child that is a supervisor leads to the processes in it.
template <class P>
class ref {
 public:
  ref() = default;
  explicit ref(runtime::child_address where) : where_(where) {}

  /// False if it leads nowhere.
  explicit operator bool() const { return where_.at != nullptr; }
  /// A process of this child, which is a supervisor; by the name it has in there. Empty if this is.
  template <class Q>
  ref<process_of<Q>> member() const;
  friend bool operator==(ref a, ref b) {
    return a.where_.at == b.where_.at && a.where_.generation == b.where_.generation;
  }

 private:
  friend runtime::child_address const& detail::address_in<P>(ref<P> const&);
  runtime::child_address where_;
};

namespace detail {

template <class P>
runtime::child_address const& address_in(ref<P> const& r) {
  return r.where_;
}

/// The limit of a call through a `ref`, which nothing keeps from waiting in a circle (SEMANTICS 7).
inline duration limit_of_ref_call(duration limit) {
  if (limit == infinity) {
    throw std::invalid_argument("espalier: a call through an es::ref always has a limit");
  }
  return limit;
}

/// Awaited, it is the `ref` of the new child. Throws `es::call_failed`.
template <class D>
class [[nodiscard]] start_operation final : public awaitable {
 public:
  start_operation(runtime::incarnation& self, std::size_t position, std::shared_ptr<void const> arguments)
      : self_(self),
        position_(position),
        request_(std::make_unique<runtime::start_request>(std::move(arguments))) {}
  start_operation(start_operation&&) = delete;
  ~start_operation() { delete suspension_.answer; }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> frame) {
    request_->from = runtime::next_call(self_);
    suspension_.frame = frame;
    suspension_.call = request_->from.call;
    suspension_.is_call = true;
    suspension_.answer = runtime::ask_dynamic(self_, position_, *request_);
    static_cast<void>(request_.release());
    if (suspension_.answer != nullptr) return false;
    runtime::suspend(self_, suspension_, infinity);
    return true;
  }
  ref<child_process<D>> await_resume() {
    if (suspension_.answer->failure) throw call_failed(id_of<D>, *suspension_.answer->failure);
    return ref<child_process<D>>(*static_cast<runtime::start_request*>(suspension_.answer)->reply);
  }

 private:
  runtime::incarnation& self_;
  std::size_t position_;
  std::unique_ptr<runtime::start_request> request_;
  runtime::suspension suspension_;
};

/// Awaited, it is what the dynamic supervisor answers.
class [[nodiscard]] terminate_operation final : public awaitable {
 public:
  terminate_operation(runtime::incarnation& self, runtime::child_address const& child, bool of_supervisor)
      : self_(self), child_(child), of_supervisor_(of_supervisor) {}
  terminate_operation(terminate_operation&&) = delete;
  ~terminate_operation() { delete suspension_.answer; }

  bool await_ready() const noexcept { return child_.at == nullptr; }
  void await_suspend(std::coroutine_handle<> frame) {
    auto request = std::make_unique<runtime::terminate_request>(child_, of_supervisor_);
    request->from = runtime::next_call(self_);
    suspension_.frame = frame;
    suspension_.call = request->from.call;
    suspension_.is_call = true;
    runtime::ask_supervisor_of(self_, child_, *request);
    static_cast<void>(request.release());
    runtime::suspend(self_, suspension_, infinity);
  }
  child_result await_resume() {
    if (suspension_.answer == nullptr) return child_result::not_found;
    return *static_cast<runtime::terminate_request*>(suspension_.answer)->reply;
  }

 private:
  runtime::incarnation& self_;
  runtime::child_address child_;
  bool of_supervisor_;
  runtime::suspension suspension_;
};

}  // namespace detail
}  // namespace espalier
