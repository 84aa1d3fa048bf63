// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <cstddef>
#include <espalier/check/record.hpp>

// Where a name leads. A name is searched in the subtree of the process's own supervisor, then of that one's
// supervisor, and so on; the first subtree that contains it decides, and there it must stand once. What a
// dynamic supervisor makes its children by is seen only from within: there a name leads to the same child.
namespace espalier::detail {

/// Sorts the numbers in `list` by their keys; equal ones stay in order. Answers where the result is: in
/// `list` or in `spare`. Merges ever longer runs, in one function, because calls are what a compiler
/// evaluates slowest; and without the cost of including `<algorithm>`.
constexpr node_index* sort(std::uint64_t const* keys, node_index* list, node_index* spare, std::size_t size) {
  for (std::size_t run = 1; run < size; run *= 2) {
    for (std::size_t begin = 0; begin < size; begin += 2 * run) {
      const std::size_t middle = begin + run < size ? begin + run : size;
      const std::size_t end = middle + run < size ? middle + run : size;
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t i = begin; i != end; ++i) {
        const bool is_left = left != middle && (right == end || keys[list[left]] <= keys[list[right]]);
        spare[i] = list[is_left ? left++ : right++];
      }
    }
    node_index* const sorted = spare;
    spare = list;
    list = sorted;
  }
  return list;
}

/// All records of a tree, sorted by name and then in start order.
template <std::size_t N>
constexpr std::array<node_index, N> sort_records(tree_view tree) {
  std::array<std::uint64_t, N> keys{};
  std::array<node_index, N> list{};
  std::array<node_index, N> out{};
  for (node_index i = 0; i != N; ++i) {
    keys[i] = tree[i].name.hash();
    list[i] = i;
  }
  node_index const* const sorted = sort(keys.data(), list.data(), out.data(), N);
  for (std::size_t i = 0; i != N; ++i) out[i] = sorted[i];
  return out;
}

/// The processes of a tree, sorted by name and then in start order, so that a search costs a logarithm. The
/// hashes of their names stand apart, so that it is a loop without calls.
template <std::size_t N>
struct name_index {
  std::array<node_index, N> sorted{};
  std::array<std::uint64_t, N> hashes{};
  std::size_t size = 0;
};

/// Writes to `out` the processes among sorted records, by the name they are called, and the hashes of these.
/// Answers how many there are.
constexpr std::size_t pick_names(tree_view tree, node_index const* sorted, node_index* out,
                                 std::uint64_t* hashes) {
  std::size_t size = 0;
  for (node_index i = 0; i != tree.size; ++i) {
    const node_index node = sorted[i];
    if (tree[node].partitioned && tree[node].children != 0 && !tree[node + 1].supervisor) {
      out[size++] = node + 1;  // the first partition goes by its supervisor's name
    } else if (!tree[node].supervisor && !tree.is_partition(node)) {
      out[size++] = node;
    } else {
      continue;
    }
    hashes[size - 1] = tree[node].name.hash();  // the same, if it is the supervisor of partitions
  }
  return size;
}

template <std::size_t N>
constexpr name_index<N> index_names(tree_view tree, std::array<node_index, N> const& sorted) {
  name_index<N> out;
  out.size = pick_names(tree, sorted.data(), out.sorted.data(), out.hashes.data());
  return out;
}

/// A sorted index without its size, for functions that need not be templates.
struct name_lookup {
  node_index const* sorted = nullptr;
  std::uint64_t const* hashes = nullptr;
  std::size_t size = 0;
};

enum class found : unsigned char { once, nowhere, often };

struct resolution {
  found what = found::nowhere;
  node_index node = no_node;    // the first, if there are several
  node_index second = no_node;  // the second, if there are several
};

/// Where the names with a hash of at least `least` begin in the sorted index, from `low` on.
constexpr std::size_t find_hash(name_lookup names, std::uint64_t least, std::size_t low) {
  for (std::size_t high = names.size; low != high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (names.hashes[middle] < least) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// The processes of one name, as a part of the sorted index.
constexpr name_lookup find_all(name_lookup names, type_id name) {
  const std::uint64_t hash = name.hash();
  const std::size_t first = find_hash(names, hash, 0);
  if (first == names.size || names.hashes[first] != hash) return {};
  std::size_t last = first + 1;
  if (last != names.size && names.hashes[last] == hash) {
    last = hash == UINT64_MAX ? names.size : find_hash(names, hash + 1, last);
  }
  return {names.sorted + first, names.hashes + first, last - first};
}

/// Searches the records `begin` to `end` among those of one name, with what is seen from their first.
constexpr resolution find_within(tree_view tree, name_lookup same, node_index begin, node_index end) {
  std::size_t low = 0;
  std::size_t high = same.size;
  while (low != high) {
    const std::size_t middle = low + (high - low) / 2;
    if (same.sorted[middle] < begin) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  resolution out;
  for (; low != same.size; ++low) {
    const node_index i = same.sorted[low];
    if (i >= end) break;
    if (tree[i].pattern != tree[begin].pattern) continue;
    if (out.node != no_node) return {found::often, out.node, i};
    out = {found::once, i};
  }
  return out;
}

/// What `name` means to the process `from`.
constexpr resolution resolve(tree_view tree, name_lookup names, node_index from, type_id name) {
  const name_lookup same = find_all(names, name);
  if (same.size == 0) return {};
  for (node_index s = tree[from].parent; s != no_node; s = tree[s].parent) {
    const resolution r = find_within(tree, same, s, tree[s].end);
    if (r.what != found::nowhere) return r;
  }
  return {};
}

/// The dynamic supervisor that `name` means to the process `from`, or to the outside if that is `no_node`;
/// `no_node` if there is none.
constexpr node_index resolve_dynamic(tree_view tree, node_index from, type_id name) {
  for (node_index s = from == no_node ? 0 : tree[from].parent; s != no_node; s = tree[s].parent) {
    for (node_index i = s; i != tree[s].end; ++i) {
      if (tree[i].dynamic && tree[i].name == name && tree[i].pattern == tree[s].pattern) return i;
    }
  }
  return no_node;
}

/// What `name` means from outside: the search starts at the root.
constexpr resolution resolve_from_root(tree_view tree, name_lookup names, type_id name) {
  return find_within(tree, find_all(names, name), 0, tree.size);
}

}  // namespace espalier::detail
