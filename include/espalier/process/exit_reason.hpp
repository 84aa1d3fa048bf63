// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <espalier/plan/exit_class.hpp>
#include <exception>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

namespace espalier {

/// Why a process ended, or why a call failed.
enum class reason : unsigned char {
  normal,       // it ended by itself, its work done
  shutdown,     // it was stopped
  crashed,      // an exception left its code, or it stopped itself with this reason
  killed,       // it did not stop within its limit, or was to be killed at once
  noproc,       // the call reached no process
  no_reply,     // the process took the call and never answered
  timeout,      // no answer within the limit
  max_children  // a dynamic supervisor has as many children as it may
};

constexpr std::string_view word(reason r) {
  constexpr std::string_view words[] = {"normal", "shutdown", "crashed", "killed",
                                        "noproc", "no_reply", "timeout", "max_children"};
  return words[static_cast<unsigned char>(r)];
}

/// A reason, what can be said about it, and the reason behind it. The class of an end follows from the reason
/// alone, so a crash is never mistaken for a clean end. Copying is cheap; a reason without text allocates
/// nothing.
class exit_reason {
 public:
  exit_reason(reason kind = reason::normal) : kind_(kind) {}
  exit_reason(reason kind, std::string text) : kind_(kind) {
    if (!text.empty()) more_ = std::make_shared<more const>(more{std::move(text), {}, nullptr});
  }
  /// With the reason behind it, and the path of the process or supervisor it happened to.
  exit_reason(reason kind, std::string text, std::string origin, exit_reason cause)
      : kind_(kind),
        more_(std::make_shared<more const>(more{std::move(text), std::move(origin),
                                                std::make_shared<exit_reason const>(std::move(cause))})) {}

  reason kind() const { return kind_; }
  /// What the exception said, or what else is known; may be empty.
  std::string_view text() const { return more_ ? std::string_view(more_->text) : std::string_view(); }
  /// The path of the child whose end is the cause; empty if there is no cause.
  std::string_view origin() const { return more_ ? std::string_view(more_->origin) : std::string_view(); }
  /// The reason behind this one, or null.
  exit_reason const* cause() const { return more_ ? more_->cause.get() : nullptr; }

  /// The reason and its text: `crashed: std::runtime_error: disk full`.
  std::string to_string() const {
    std::string out(word(kind_));
    if (!text().empty()) out.append(": ").append(text());
    return out;
  }
  /// The same with all the reasons behind it.
  std::string chain() const {
    std::string out = to_string();
    for (exit_reason const* c = cause(); c != nullptr; c = c->cause())
      out.append("; because ").append(c->to_string());
    return out;
  }

  friend bool operator==(exit_reason const& a, exit_reason const& b) {
    return a.kind_ == b.kind_ && a.text() == b.text();
  }
  friend bool operator==(exit_reason const& a, reason b) { return a.kind_ == b; }

  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      exit_reason const& r) {
    return out << r.to_string().c_str();
  }

 private:
  struct more {
    std::string text;
    std::string origin;
    std::shared_ptr<exit_reason const> cause;
  };
  reason kind_;
  std::shared_ptr<more const> more_;
};

namespace plan {

constexpr exit_class class_of(reason r) {
  return r == reason::normal     ? exit_class::normal
         : r == reason::shutdown ? exit_class::shutdown
                                 : exit_class::abnormal;
}

}  // namespace plan

namespace runtime {

/// A reason, or none. It takes one pointer, because hardly any message has one.
class reason_box {
 public:
  reason_box() = default;
  reason_box(exit_reason why) : why_(std::make_unique<exit_reason>(std::move(why))) {}

  explicit operator bool() const { return why_ != nullptr; }
  exit_reason& operator*() { return *why_; }
  exit_reason const& operator*() const { return *why_; }
  exit_reason const* operator->() const { return why_.get(); }
  exit_reason const& value_or(exit_reason const& other) const { return why_ != nullptr ? *why_ : other; }
  void reset() { why_.reset(); }

 private:
  std::unique_ptr<exit_reason> why_;
};

}  // namespace runtime

namespace detail {

/// The name of a type as a reader writes it. The last one is remembered, because what crashes often crashes
/// in the same way.
inline std::string const& demangled(std::type_info const& type) {
  static thread_local std::type_info const* last = nullptr;
  static thread_local std::string text;
  if (last != nullptr && *last == type) return text;
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                              std::free);
  text = status == 0 ? name.get() : type.name();
  last = &type;
  return text;
}

inline std::string join(std::string_view a, std::string_view b, std::string_view c) {
  std::string all;
  all.reserve(a.size() + b.size() + c.size());
  return all.append(a).append(b).append(c);
}

/// Calls `function`. Answers what leaves it, an exception of any type, as the reason for a crash. It is part
/// of its caller because that handles a message, mostly, from which nothing is thrown.
template <class Function>
[[gnu::always_inline]] inline runtime::reason_box caught(Function function) {
  try {
    function();
    return {};
  } catch (std::exception const& e) {
    return exit_reason(reason::crashed,
                       join(demangled(typeid(e)), ": ", e.what() == nullptr ? "" : e.what()));
  } catch (std::string const& text) {
    return exit_reason(reason::crashed, "std::string: " + text);
  } catch (char const* text) {
    return exit_reason(reason::crashed, std::string("char const*: ") + (text == nullptr ? "null" : text));
  } catch (int n) {
    return exit_reason(reason::crashed, "int: " + std::to_string(n));
  } catch (...) {
    std::type_info const* type = abi::__cxa_current_exception_type();
    return exit_reason(reason::crashed, type == nullptr ? "an exception of unknown type" : demangled(*type));
  }
}

}  // namespace detail
}  // namespace espalier
