// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <coroutine>
#include <espalier/check/after_mistake.hpp>
#include <espalier/process/blocks.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

// A handler that may suspend. Tasks are lazy; the dispatcher of a process resumes them in a loop:
//
//   1. Awaiting a nested task makes it the next frame of the loop, and suspends.
//   2. A task that ends makes the task that awaits it the next frame, and suspends for good.
//   3. Awaiting a call or a sleep leaves the loop without a next frame: the process is suspended.
//
// The loop takes the place of symmetric transfer, which overflows the stack on GCC 12 below -O2.
namespace espalier {

template <class T>
class task;

namespace detail {

/// The frames of one process, resumed one after the other.
struct resume_loop {
  std::coroutine_handle<> next;

  void run(std::coroutine_handle<> first) {
    next = first;
    while (next) std::exchange(next, {}).resume();
  }
};

/// Implemented by what a handler may await.
struct awaitable {};

/// Awaits what it points to. (GCC 12 copies an awaitable that is handed over by reference.)
template <class A>
struct awaiter_of {
  A* awaited;

  bool await_ready() const { return awaited->await_ready(); }
  template <class Promise>
  decltype(auto) await_suspend(std::coroutine_handle<Promise> frame) const {
    return awaited->await_suspend(frame);
  }
  decltype(auto) await_resume() const { return awaited->await_resume(); }
};

template <class... What>
inline constexpr bool may_be_awaited = false;

/// What is awaited after a mistake that has been said.
struct await_after_mistake : awaitable {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  after_mistake await_resume() const noexcept { return {}; }
};

struct task_promise_base {
  static void* operator new(std::size_t size) { return runtime::take_block(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { runtime::give_block(memory, size); }

  resume_loop* loop = nullptr;
  std::coroutine_handle<> awaited_by;
  std::exception_ptr error;

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
      task_promise_base& promise = frame.promise();
      promise.loop->next = promise.awaited_by;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  template <class A>
  auto await_transform(A&& a) {
    if constexpr (std::is_base_of_v<awaitable, std::remove_cvref_t<A>>) {
      return awaiter_of<std::remove_reference_t<A>>{&a};
    } else {
      static_assert(may_be_awaited<std::remove_cvref_t<A>>,
                    "espalier: a handler awaits something that would resume it on a foreign thread; await an "
                    "es::task, a call or a sleep");
      return await_after_mistake{};
    }
  }
};

template <class T>
struct task_promise : task_promise_base {
  std::optional<T> value;

  task<T> get_return_object() noexcept;
  template <class U = T>
  requires std::is_convertible_v<U&&, T>
  void return_value(U&& u) { value.emplace(std::forward<U>(u)); }
  T take() {
    if (error) std::rethrow_exception(std::exchange(error, {}));
    return std::move(*value);
  }
};

template <>
struct task_promise<void> : task_promise_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() {
    if (error) std::rethrow_exception(std::exchange(error, {}));
  }
};

}  // namespace detail

/// A coroutine of a process. As the result of a handler its value is the reply; a handler may also await one.
template <class T = void>
class [[nodiscard]] task : public detail::awaitable {
 public:
  using promise_type = detail::task_promise<T>;
  using value_type = T;

  task() = default;
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      reset();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~task() { reset(); }

  bool await_ready() const {
    check_startable();
    return false;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) {
    frame_.promise().awaited_by = parent;
    start_in(*parent.promise().loop);
    frame_.promise().loop->next = frame_;
  }
  T await_resume() { return take(); }

  /// For the dispatcher: the frame to resume first, in that loop. Throws if the task is empty or has ended.
  std::coroutine_handle<> start_in(detail::resume_loop& loop) {
    check_startable();
    frame_.promise().loop = &loop;
    return frame_;
  }
  /// The value of a task that has ended. Throws what left it.
  T take() { return frame_.promise().take(); }
  /// Destroys the frame, wherever it is suspended.
  void reset() noexcept {
    if (frame_) std::exchange(frame_, {}).destroy();
  }
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

 private:
  void check_startable() const {
    if (!frame_ || frame_.done()) throw std::logic_error("espalier: an empty or finished task is awaited");
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise<T>>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise<void>>::from_promise(*this));
}

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

}  // namespace detail
}  // namespace espalier
