// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>

namespace espalier {

/// The seed of a simulation: the same seed gives the same run on every machine and compiler.
struct seed {
  std::uint64_t value = 1;
};

namespace testing {

/// A generator of our own (SplitMix64), because the standard distributions differ between libraries.
class random {
 public:
  explicit random(seed s) : state_(s.value) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  /// A number below `bound`, which is not 0. Each is equally likely: what would favour low numbers is drawn
  /// again.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t fair = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t n = next();
    while (n >= fair) n = next();
    return n % bound;
  }

 private:
  std::uint64_t state_;
};

}  // namespace testing
}  // namespace espalier
