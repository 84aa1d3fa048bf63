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

constexpr bool starts_with(const char* text, const char* word) {
  for (; *word != '\0'; ++word, ++text) {
    if (*text != *word) return false;
  }
  return true;
}

constexpr type_name spell(const char* signature) {
  const char* begin = signature;
  while (!starts_with(begin, "T = ")) ++begin;
  begin += 4;
  // GCC lists further parameters behind ';', Clang closes with ']'; both nest only inside <> and ().
  const char* end = begin;
  std::uint64_t hash = 14695981039346656037U;
  for (int depth = 0; *end != '\0'; ++end) {
    if (*end == '[' || *end == '<' || *end == '(') ++depth;
    if (depth == 0 && (*end == ']' || *end == ';')) break;
    if (*end == ']' || *end == '>' || *end == ')') --depth;
    hash = (hash ^ static_cast<unsigned char>(*end)) * 1099511628211U;
  }
  // A reader needs neither the anonymous namespace nor the function that a type is local to.
  const char* shown = begin;
  int angle = 0;
  for (const char* at = begin; at != end; ++at) {
    if (*at == '<') ++angle;
    if (*at == '>') --angle;
    if (angle == 0 && (starts_with(at, "}::") || starts_with(at, ")::")) && at + 3 < end) shown = at + 3;
  }
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
