// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/answer.hpp>
#include <espalier/process/message.hpp>

// What a handler awaits.
namespace espalier {

/// The limit of a call that names none.
inline constexpr duration default_call_limit{5'000'000'000};

namespace detail {

/// Sends a request when awaited, and suspends the process until the answer or the limit.
template <class R>
class call_operation : public awaitable {
 public:
  call_operation(runtime::incarnation& caller, runtime::child_address callee, type_id name,
                 std::unique_ptr<runtime::request<R>> request, duration limit)
      : caller_(&caller), callee_(callee), name_(name), request_(std::move(request)), limit_(limit) {}
  call_operation(call_operation&&) = delete;
  ~call_operation() { delete suspension_.answer; }

  bool await_ready() const {
    if (request_ == nullptr) throw std::logic_error("espalier: a call is awaited twice");
    return false;
  }
  bool await_suspend(std::coroutine_handle<> frame) {
    request_->from = runtime::next_call(*caller_);
    suspension_.frame = frame;
    suspension_.call = request_->from.call;
    suspension_.is_call = true;
    const runtime::delivery sent = runtime::send(*caller_, callee_, *request_);
    if (!sent) {
      refused_ = true;
      return false;
    }
    static_cast<void>(request_.release());
    if (sent.is_full()) runtime::wait_for_room(*caller_, *callee_.at);
    runtime::suspend(*caller_, suspension_, limit_);
    return true;
  }

 protected:
  /// The answered request, or null if there is none in time.
  runtime::request<R>* answered() { return static_cast<runtime::request<R>*>(suspension_.answer); }
  exit_reason failure() {
    if (refused_) return reason::noproc;
    if (suspension_.answer == nullptr) return reason::timeout;
    return *suspension_.answer->failure;
  }
  bool succeeded() { return suspension_.answer != nullptr && !suspension_.answer->failure; }
  type_id callee() const { return name_; }

 private:
  runtime::incarnation* caller_ = nullptr;
  runtime::child_address callee_;
  type_id name_;
  std::unique_ptr<runtime::request<R>> request_;
  duration limit_{};
  runtime::suspension suspension_;
  bool refused_ = false;
};

template <class R>
class [[nodiscard]] throwing_call final : public call_operation<R> {
 public:
  using call_operation<R>::call_operation;
  R await_resume() {
    if (!this->succeeded()) throw call_failed(this->callee(), this->failure());
    if constexpr (!std::is_void_v<R>) return std::move(*this->answered()->reply);
  }
};

template <class R>
class [[nodiscard]] answering_call final : public call_operation<R> {
 public:
  using call_operation<R>::call_operation;
  answer<R> await_resume() {
    if (!this->succeeded()) return answer<R>(this->callee(), this->failure());
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return answer<R>(std::move(*this->answered()->reply));
    }
  }
};

class [[nodiscard]] sleep_operation final : public awaitable {
 public:
  sleep_operation(runtime::incarnation& self, duration d) : self_(self), duration_(d) {}
  sleep_operation(sleep_operation&&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    suspension_.frame = frame;
    suspension_.call = runtime::next_call(self_).call;
    runtime::suspend(self_, suspension_, duration_);
  }
  void await_resume() const noexcept {}

 private:
  runtime::incarnation& self_;
  duration duration_;
  runtime::suspension suspension_;
};

}  // namespace detail
}  // namespace espalier
