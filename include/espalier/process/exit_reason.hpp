// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cxxabi.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <espalier/plan/exit_class.hpp>
#include <exception>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

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

namespace runtime {
class reason_box;
}

/// A reason, what can be said about it, and the reason behind it. The class of an end follows from the reason
/// alone, so a crash is never mistaken for a clean end. Copying is cheap; a reason without text allocates
/// nothing. It takes one word: each place of a process and each notice about one has such.
class exit_reason {
 public:
  exit_reason(reason kind = reason::normal) noexcept : word_(present | static_cast<unsigned char>(kind)) {}
  exit_reason(reason kind, std::string text);
  /// With the reason behind it, and the path of the process or supervisor it happened to.
  exit_reason(reason kind, std::string text, std::string origin, exit_reason cause);

  exit_reason(exit_reason const& other) noexcept;
  /// Leaves the other one without text.
  exit_reason(exit_reason&& other) noexcept : word_(other.word_) { other.word_ &= flags; }
  exit_reason& operator=(exit_reason other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~exit_reason() {
    if (word_ > flags) release();
  }

  reason kind() const { return static_cast<reason>(word_ & kinds); }
  /// What the exception said, or what else is known; may be empty.
  std::string_view text() const;
  /// The path of the child whose end is the cause; empty if there is no cause.
  std::string_view origin() const;
  /// The reason behind this one, or null.
  exit_reason const* cause() const;

  /// The reason and its text: `crashed: std::runtime_error: disk full`.
  std::string to_string() const {
    std::string out(word(kind()));
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
    return a.kind() == b.kind() && a.text() == b.text();
  }
  friend bool operator==(exit_reason const& a, reason b) { return a.kind() == b; }

  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      exit_reason const& r) {
    return out << r.to_string().c_str();
  }

 private:
  friend runtime::reason_box;

  // The kind, a flag that says that this is a reason, and a pointer to what else is known.
  static constexpr std::uintptr_t kinds = 7;
  static constexpr std::uintptr_t present = 8;
  static constexpr std::uintptr_t flags = 15;
  static_assert(static_cast<unsigned char>(reason::max_children) <= kinds);

  /// Shared by copies.
  struct more;
  more const* details() const { return reinterpret_cast<more const*>(word_ & ~flags); }
  void release() noexcept;

  std::uintptr_t word_;
};

struct alignas(16) exit_reason::more {
  std::string text;
  std::string origin;
  std::optional<exit_reason> cause;
  mutable std::atomic<std::size_t> owners{1};
};

inline exit_reason::exit_reason(reason kind, std::string text) : exit_reason(kind) {
  if (!text.empty()) word_ |= reinterpret_cast<std::uintptr_t>(new more{std::move(text), {}, {}});
}
inline exit_reason::exit_reason(reason kind, std::string text, std::string origin, exit_reason cause)
    : exit_reason(kind) {
  word_ |= reinterpret_cast<std::uintptr_t>(new more{std::move(text), std::move(origin), std::move(cause)});
}
inline exit_reason::exit_reason(exit_reason const& other) noexcept : word_(other.word_) {
  if (word_ > flags) details()->owners.fetch_add(1, std::memory_order_relaxed);
}
inline void exit_reason::release() noexcept {
  // What other owners have read comes before it is gone.
  if (details()->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete details();
}
inline std::string_view exit_reason::text() const {
  return word_ > flags ? std::string_view(details()->text) : std::string_view();
}
inline std::string_view exit_reason::origin() const {
  return word_ > flags ? std::string_view(details()->origin) : std::string_view();
}
inline exit_reason const* exit_reason::cause() const {
  return word_ > flags && details()->cause ? &*details()->cause : nullptr;
}

namespace plan {

constexpr exit_class class_of(reason r) {
  return r == reason::normal     ? exit_class::normal
         : r == reason::shutdown ? exit_class::shutdown
                                 : exit_class::abnormal;
}

}  // namespace plan

namespace runtime {

/// A reason, or none, in one word.
class reason_box {
 public:
  reason_box() noexcept { why_.word_ = 0; }
  reason_box(exit_reason why) noexcept : why_(std::move(why)) {}
  reason_box(reason_box&& other) noexcept : reason_box() { std::swap(why_.word_, other.why_.word_); }
  reason_box& operator=(reason_box other) noexcept {
    std::swap(why_.word_, other.why_.word_);
    return *this;
  }

  explicit operator bool() const { return why_.word_ != 0; }
  exit_reason& operator*() { return why_; }
  exit_reason const& operator*() const { return why_; }
  exit_reason const* operator->() const { return &why_; }
  exit_reason const& value_or(exit_reason const& other) const { return *this ? why_ : other; }
  void reset() { *this = {}; }

 private:
  exit_reason why_;
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
