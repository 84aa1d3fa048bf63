// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>

namespace espalier {

/// The spelling of a type, and a hash of its full spelling.
struct type_name {
  const char* text = nullptr;
  std::size_t size = 0;
  std::uint64_t hash = 0;
};

namespace detail {

template <class T>
constexpr const char* signature() {
  return __PRETTY_FUNCTION__;
}

/// Where the spelling of a type begins in its signature, behind "T = ": the same for all types.
inline constexpr std::size_t spelling_begin = [] {
  const char* const text = signature<void>();
  std::size_t i = 0;
  while (text[i] != 'T' || text[i + 1] != ' ' || text[i + 2] != '=') ++i;
  return i + 4;
}();

/// One loop with few calls: it is evaluated for each name in a tree.
constexpr type_name spell(const char* signature) {
  const char* const begin = signature + spelling_begin;
  std::uint64_t hash = 14695981039346656037U;
  // A reader needs neither the anonymous namespace nor the function that a type is local to.
  const char* shown = begin;
  const char* shown_before = begin;
  int depth = 0;  // in any brackets
  int angle = 0;  // in angle brackets
  const char* end = begin;
  for (char c = *end; c != '\0'; c = *++end) {
    if (c < 'a' && c != '_' && (c < '0' || c > '9')) {
      // GCC lists further parameters behind ';', Clang closes with ']'; both nest only inside <> and ().
      if (c == '[' || c == '<' || c == '(') ++depth;
      if (depth == 0 && (c == ']' || c == ';')) break;
      if (c == ']' || c == '>' || c == ')') --depth;
      if (c == '<') ++angle;
      if (c == '>') --angle;
    }
    if ((c == ')' || c == '}') && angle == 0 && end[1] == ':' && end[2] == ':') {
      shown_before = shown;
      shown = end + 3;
    }
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  if (shown >= end) shown = shown_before;
  return {shown, static_cast<std::size_t>(end - shown), hash};
}

}  // namespace detail

/// The name of `T` as a reader writes it, without anonymous namespaces and enclosing functions.
template <class T>
inline constexpr type_name name_of = detail::spell(detail::signature<T>());

/// The identity of a type: equal for equal types. Ids compare by the hash of the spelling, because under
/// UBSan GCC 12 cannot compare the addresses of inline variables in constant expressions.
class type_id {
 public:
  constexpr type_id() = default;
  constexpr explicit type_id(type_name const& name) : hash_(name.hash), name_(&name) {}

  constexpr std::uint64_t hash() const { return hash_; }
  constexpr type_name const& operator*() const { return *name_; }
  constexpr type_name const* operator->() const { return name_; }
  /// False for the id of no type.
  constexpr explicit operator bool() const { return hash_ != 0; }
  friend constexpr bool operator==(type_id a, type_id b) { return a.hash_ == b.hash_; }

 private:
  std::uint64_t hash_ = 0;
  type_name const* name_ = nullptr;
};

template <class T>
inline constexpr type_id id_of{name_of<T>};

}  // namespace espalier
