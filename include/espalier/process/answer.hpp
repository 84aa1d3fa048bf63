// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/exit_reason.hpp>
#include <espalier/tree/type_name.hpp>
#include <optional>
#include <utility>

namespace espalier {

/// What a failed call throws in the caller. Uncaught, it crashes the caller, as in OTP (SEMANTICS 8).
class call_failed : public std::exception {
 public:
  call_failed(type_id callee, exit_reason why)
      : why_(std::move(why)),
        text_("call to " + (!callee ? std::string("a process") : std::string(callee->text, callee->size)) +
              " failed: " + why_.to_string()) {}

  exit_reason const& reason() const noexcept { return why_; }
  char const* what() const noexcept override { return text_.c_str(); }

 private:
  exit_reason why_;
  std::string text_;
};

/// Thrown in a function that was left behind, because it did not return within the stop limit of its process,
/// when it uses its `es::context` at last. Its process has been told as killed long before. Not thrown where
/// an exception is under way, nor by the destructors of the process and of a frame that is given up: there,
/// and in `cancel` and `demonitor`, nothing is done.
class quarantined : public std::exception {
 public:
  char const* what() const noexcept override {
    return "this incarnation was left behind; what it sends reaches nobody";
  }
};

/// What `try_call` answers: the reply, or the reason why there is none.
template <class R>
class [[nodiscard]] answer {
 public:
  answer(R value) : value_(std::move(value)) {}
  answer(type_id callee, exit_reason why) : callee_(callee), why_(std::move(why)) {}

  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }

  /// The reply. Throws `es::call_failed` if there is none.
  R& value() & {
    if (!value_) throw call_failed(callee_, why_);
    return *value_;
  }
  R&& value() && { return std::move(value()); }
  R& operator*() { return *value_; }
  R* operator->() { return &*value_; }

  /// Why there is no reply; `normal` if there is one.
  exit_reason const& reason() const { return why_; }

 private:
  std::optional<R> value_;
  type_id callee_ = {};
  exit_reason why_;
};

template <>
class [[nodiscard]] answer<void> {
 public:
  answer() = default;
  answer(type_id callee, exit_reason why) : has_value_(false), callee_(callee), why_(std::move(why)) {}

  bool has_value() const { return has_value_; }
  explicit operator bool() const { return has_value_; }
  /// Throws `es::call_failed` if the call failed.
  void value() const {
    if (!has_value_) throw call_failed(callee_, why_);
  }
  exit_reason const& reason() const { return why_; }

 private:
  bool has_value_ = true;
  type_id callee_ = {};
  exit_reason why_;
};

}  // namespace espalier
