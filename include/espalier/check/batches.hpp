// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/check/unpack.hpp>
#include <utility>

// Large trees are judged in batches of records, so that no evaluation is so long that a compiler gives up:
// Clang's limit is a million steps.
namespace espalier::detail {

/// The records of a tree in batches of `Size`.
template <class T, node_index Size = 64>
struct batches {
  static constexpr std::size_t count = (records_of<T>.size() + Size - 1) / Size;

  static constexpr node_index begin(std::size_t batch) { return static_cast<node_index>(batch) * Size; }
  static constexpr node_index end(std::size_t batch) {
    return begin(batch + 1) < view_of<T>.size ? begin(batch + 1) : view_of<T>.size;
  }
};

/// Copies `size` values. What Clang copies as a whole is one step to it, however long; GCC evaluates only the
/// loop, and its limit is far.
template <class Value>
constexpr void copy(Value* to, Value const* from, std::size_t size) {
#ifdef __clang__
  __builtin_memcpy(to, from, size * sizeof(Value));
#else
  for (std::size_t i = 0; i != size; ++i) to[i] = from[i];
#endif
}

/// The arrays of all batches in one. Each has an element too many, so that none is empty; so has the result.
template <class Value, std::size_t... Size>
constexpr auto join(std::array<Value, Size> const&... part) {
  struct {
    Value const* first;
    std::size_t size;
  } const parts[] = {{part.data(), Size - 1}...};
  std::array<Value, (0 + ... + (Size - 1)) + 1> out{};
  std::size_t n = 0;
  for (auto const& some : parts) {
    copy(out.data() + n, some.first, some.size);
    n += some.size;
  }
  return out;
}

/// Joins `Part::template batch<Number>` of all batches.
template <class Part, std::size_t... Batch>
constexpr auto join_all(std::index_sequence<Batch...>) {
  return join(Part::template batch<Batch>...);
}
template <class Part>
inline constexpr auto joined = join_all<Part>(std::make_index_sequence<Part::count>{});

}  // namespace espalier::detail
