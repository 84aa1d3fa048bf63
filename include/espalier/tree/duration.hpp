// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <compare>
#include <cstdint>

namespace espalier {

/// A length of time in nanoseconds. A structural type, so it can be a template argument: `es::shutdown<2_s>`.
struct duration {
  std::int64_t nanoseconds = 0;

  friend constexpr bool operator==(duration, duration) = default;
  friend constexpr auto operator<=>(duration, duration) = default;
};

/// The limit that never expires. Adding to it or multiplying it gives infinity again.
inline constexpr duration infinity{INT64_MAX};

constexpr duration operator+(duration a, duration b) {
  if (a == infinity || b == infinity) return infinity;
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a.nanoseconds, b.nanoseconds, &sum)) return {sum};
  return b.nanoseconds > 0 ? infinity : duration{INT64_MIN};
}
constexpr duration operator-(duration a, duration b) {
  return a == infinity ? infinity : duration{a.nanoseconds - b.nanoseconds};
}
constexpr duration operator-(duration a) { return duration{} - a; }
constexpr duration operator*(duration a, std::int64_t n) {
  if (a == infinity || (n > 0 && a.nanoseconds > INT64_MAX / n)) return infinity;
  return {a.nanoseconds * n};
}
constexpr duration operator*(std::int64_t n, duration a) { return a * n; }

/// The type of `es::unbounded`.
struct unbounded_type {
  constexpr operator duration() const { return infinity; }
  constexpr operator std::uint64_t() const { return UINT64_MAX; }
};

/// What a question answers when there is no bound. Compares greater than every finite duration and number.
inline constexpr unbounded_type unbounded{};

namespace literals {

consteval duration operator""_ns(unsigned long long n) { return {static_cast<std::int64_t>(n)}; }
consteval duration operator""_us(unsigned long long n) { return {static_cast<std::int64_t>(n) * 1'000}; }
consteval duration operator""_ms(unsigned long long n) { return {static_cast<std::int64_t>(n) * 1'000'000}; }
consteval duration operator""_s(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 1'000'000'000};
}
consteval duration operator""_min(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 60'000'000'000};
}
consteval duration operator""_h(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 3'600'000'000'000};
}

}  // namespace literals
}  // namespace espalier
