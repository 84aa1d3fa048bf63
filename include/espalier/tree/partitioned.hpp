// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <concepts>
#include <cstdint>
#include <espalier/tree/child.hpp>
#include <espalier/tree/dynamic.hpp>
#include <espalier/tree/supervisor.hpp>
#include <type_traits>

namespace espalier {

/// A supervisor of `N` children of one process type, the partitions, for work that a key divides: Elixir's
/// PartitionSupervisor. It is `one_for_one`, with one intensity for all of them, and it starts and stops them
/// in order. Best derived from, and then called by its own name with a key: `struct shards :
/// es::partitioned<es::child<shard>, 16> {};`, `self.call<shards, shard::get>(es::key{user})`.
template <class Child, long long N, class... Options>
struct partitioned {
  using espalier_parts = detail::type_list<Child, Options...>;
  using espalier_supervisor = partitioned;
  static constexpr long long espalier_partitions = N;
};

/// What decides which partition a message goes to: a number by its absolute value modulo the number of
/// partitions, a text by a hash that is the same on every machine.
template <class K>
struct key {
  // Not an aggregate: GCC 12 destroys a temporary one twice inside a `co_await` expression.
  constexpr explicit key(K k) : value(static_cast<K&&>(k)) {}
  K value;
};
template <class K>
key(K) -> key<K>;

namespace detail {

template <class T>
concept partitioned_type = supervisor_type<T> && requires {
  T::espalier_partitions;
};
template <class Child, long long N, class... Options>
inline constexpr bool has_own_name<partitioned<Child, N, Options...>> = false;

/// A message to a partitioned supervisor goes to one of its processes.
template <class D>
requires partitioned_type<D>
struct named<D> {
  using type = child_process<D>;
};

template <class T>
inline constexpr bool is_key = false;
template <class K>
inline constexpr bool is_key<key<K>> = true;
/// Whether the first of them is a key.
template <class... Args>
inline constexpr bool begins_with_key = false;
template <class First, class... Rest>
inline constexpr bool begins_with_key<First, Rest...> = is_key<std::remove_cvref_t<First>>;

template <class K>
concept text_key = requires(K const& k) {
  { k.data() } -> std::convertible_to<char const*>;
  k.size();
};
template <class K>
inline constexpr bool has_stable_hash =
    std::is_integral_v<K> || std::is_enum_v<K> || text_key<K> || std::is_convertible_v<K, char const*>;

/// A number that is the same for equal keys, on every machine.
template <class K>
constexpr std::uint64_t stable_hash(K const& k) {
  if constexpr (std::is_enum_v<K>) {
    return stable_hash(static_cast<std::underlying_type_t<K>>(k));
  } else if constexpr (std::is_integral_v<K>) {
    const auto n = static_cast<std::uint64_t>(k);
    if constexpr (std::is_signed_v<K>) {
      return k < 0 ? 0 - n : n;
    } else {
      return n;
    }
  } else {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U; };
    if constexpr (text_key<K>) {
      for (decltype(k.size()) i = 0; i != k.size(); ++i) add(k.data()[i]);
    } else {
      for (char const* c = k; *c != 0; ++c) add(*c);
    }
    return hash;
  }
}

}  // namespace detail
}  // namespace espalier
