// What a row of the benchmark answers, and how it says that its counts do not add up.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

struct measurement {
  std::string name;
  double value;
  char const* unit;
};
using measurements = std::vector<measurement>;

struct miscounted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void expect(char const* what, std::uint64_t got, std::uint64_t expected) {
  if (got == expected) return;
  throw miscounted(std::string(what) + ": " + std::to_string(got) + " instead of " +
                   std::to_string(expected));
}

using clock_type = std::chrono::steady_clock;
inline double nanoseconds(clock_type::duration d) {
  return std::chrono::duration<double, std::nano>(d).count();
}
