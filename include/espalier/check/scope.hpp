// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <cstddef>
#include <espalier/check/record.hpp>

// Where a name leads. A name is searched in the subtree of the process's own supervisor, then of that one's
// supervisor, and so on; the first subtree that contains it decides, and there it must stand once. What a
// dynamic supervisor makes its children by is seen only from within: there a name leads to the same child.
namespace espalier::detail {

/// The processes of a tree, sorted by name and then in start order, so that a search costs a logarithm.
template <std::size_t N>
struct name_index {
  std::array<node_index, N> sorted{};
  std::size_t size = 0;
};

/// Sorts in place, without the cost of including `<algorithm>`: a heap sort.
template <class Less>
constexpr void sort(node_index* first, std::size_t size, Less less) {
  auto sink = [&](std::size_t root, std::size_t end) {
    for (std::size_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
      if (child + 1 < end && less(first[child], first[child + 1])) ++child;
      if (!less(first[root], first[child])) return;
      const node_index greater = first[child];
      first[child] = first[root];
      first[root] = greater;
      root = child;
    }
  };
  for (std::size_t i = size / 2; i != 0; --i) sink(i - 1, size);
  for (std::size_t end = size; end > 1; --end) {
    const node_index greatest = first[0];
    first[0] = first[end - 1];
    first[end - 1] = greatest;
    sink(0, end - 1);
  }
}

/// Writes the processes of a tree to `out`, sorted. Answers how many there are.
constexpr std::size_t sort_names(tree_view tree, node_index* out) {
  std::size_t size = 0;
  for (node_index i = 0; i != tree.size; ++i) {
    if (!tree[i].supervisor && !tree.is_repeated(i)) out[size++] = i;
  }
  sort(out, size, [&](node_index a, node_index b) {
    const auto ha = tree.called(a).hash();
    const auto hb = tree.called(b).hash();
    return ha != hb ? ha < hb : a < b;
  });
  return size;
}

template <std::size_t N>
constexpr name_index<N> index_names(tree_view tree) {
  name_index<N> out;
  out.size = sort_names(tree, out.sorted.data());
  return out;
}

/// A sorted index without its size, for functions that need not be templates.
struct name_lookup {
  node_index const* sorted = nullptr;
  std::size_t size = 0;
};

enum class found : unsigned char { once, nowhere, often };

struct resolution {
  found what = found::nowhere;
  node_index node = no_node;    // the first, if there are several
  node_index second = no_node;  // the second, if there are several
};

/// Searches the records `begin` to `end`, with what is seen from their first.
constexpr resolution find_within(tree_view tree, name_lookup names, type_id name, node_index begin,
                                 node_index end) {
  std::size_t low = 0;
  std::size_t high = names.size;
  while (low != high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto here = tree.called(names.sorted[middle]).hash();
    const bool before = here != name.hash() ? here < name.hash() : names.sorted[middle] < begin;
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  resolution out;
  for (; low != names.size; ++low) {
    const node_index i = names.sorted[low];
    if (tree.called(i).hash() != name.hash() || i >= end) break;
    if (tree[i].pattern != tree[begin].pattern) continue;
    if (out.node != no_node) return {found::often, out.node, i};
    out = {found::once, i};
  }
  return out;
}

/// What `name` means to the process `from`.
constexpr resolution resolve(tree_view tree, name_lookup names, node_index from, type_id name) {
  for (node_index s = tree[from].parent; s != no_node; s = tree[s].parent) {
    const resolution r = find_within(tree, names, name, s, tree[s].end);
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
  return find_within(tree, names, name, 0, tree.size);
}

}  // namespace espalier::detail
