// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/finding.hpp>
#include <espalier/check/links.hpp>

// What processes say about each other: that it leads somewhere, and that it cannot wait for itself (reference
// E.4).
namespace espalier::detail {

/// The names that a process declares lead somewhere, and its calls to what starts before it.
constexpr void judge_edges(tree_view tree, link_view links, node_index i, finder& found_mistake) {
  const record& r = tree[i];
  for (std::uint32_t at = 0; at != r.edge_count; ++at) {
    const edge e = r.edges[at];
    const link to = links(i, at);
    if (e.kind == edge_kind::starts) {
      if (to.node == no_node || to.node > i) {
        found_mistake({mistake::cannot_start_there, i, no_node, at});
      } else if (tree[to.node].end > i) {
        found_mistake({mistake::starts_an_ancestor, i, to.node, at});
      }
    } else if (e.kind != edge_kind::restarts_with && to.node == i) {
      if (e.kind == edge_kind::calls) found_mistake({mistake::calls_itself, i, i, at});
    } else if (e.kind == edge_kind::calls && tree.is_partition(i) && tree[to.node].parent == r.parent) {
      found_mistake({mistake::calls_itself, i, i, at});  // another partition, which may call back
    } else if (to.what == found::nowhere) {
      found_mistake({mistake::not_in_scope, i, no_node, at});
    } else if (to.what == found::often) {
      // Two siblings of one name are a mistake of their own.
      if (tree[to.node].parent != tree[to.second].parent) found_mistake({mistake::ambiguous, i, to.node, at});
    } else if (e.kind == edge_kind::calls && to.node > i) {
      found_mistake({mistake::starts_later, i, to.node, at});
    } else if (e.kind == edge_kind::restarts_with && tree[to.node].restart == restart_kind::temporary) {
      found_mistake({mistake::restarts_with_temporary, i, to.node, at});
    } else if (e.kind == edge_kind::restarts_with && !crash(tree, to.node).ends(i)) {
      found_mistake({mistake::not_restarted_with, i, to.node, at});
    }
  }
}

constexpr bool has_suspending_mailbox(record const& r) {
  return r.mailbox != record::no_bound && r.when_full == overflow::suspend;
}
constexpr bool has_suspending_mailbox(tree_view tree) {
  for (node_index i = 0; i != tree.size; ++i) {
    if (has_suspending_mailbox(tree[i])) return true;
  }
  return false;
}

/// Where a process sends along an edge; `no_node` if that is itself, or nobody, or a call that is refused.
constexpr node_index target_of(tree_view tree, link_view links, node_index i, std::uint32_t at) {
  const edge_kind kind = tree[i].edges[at].kind;
  if (kind != edge_kind::calls && kind != edge_kind::casts) return no_node;
  const node_index to = links(i, at).node;
  return to == i || (kind == edge_kind::calls && to > i) ? no_node : to;
}

/// Which processes stand on a cycle of calls and casts: those with one number, if that is not 0 (Tarjan's
/// strongly connected components, without recursion).
template <std::size_t N>
constexpr std::array<node_index, N> find_cycles(tree_view tree, link_view links) {
  struct visit {
    node_index order = 0;   // when it was seen first; 0: not yet
    node_index lowest = 0;  // the first of those that it leads to
    node_index from = no_node;
    std::uint32_t next_edge = 0;
    bool is_open = false;
  };
  std::array<visit, N> visits{};
  std::array<node_index, N> open{};
  std::array<node_index, N> out{};
  std::size_t opened = 0;
  node_index seen = 0;
  for (node_index root = 0; root != N; ++root) {
    if (visits[root].order != 0) continue;
    node_index at = root;
    while (at != no_node) {
      visit& v = visits[at];
      if (v.order == 0) {
        v.order = v.lowest = ++seen;
        v.is_open = true;
        open[opened++] = at;
      }
      if (v.next_edge != tree[at].edge_count) {
        const node_index to = target_of(tree, links, at, v.next_edge++);
        if (to == no_node) continue;
        if (visits[to].order == 0) {
          visits[to].from = at;
          at = to;
        } else if (visits[to].is_open && visits[to].order < v.lowest) {
          v.lowest = visits[to].order;
        }
        continue;
      }
      if (v.lowest == v.order) {  // what was opened since then is a component
        const bool is_cycle = open[opened - 1] != at;
        for (node_index member = no_node; member != at;) {
          member = open[--opened];
          visits[member].is_open = false;
          if (is_cycle) out[member] = v.order;
        }
      }
      at = v.from;
      if (at != no_node && v.lowest < visits[at].lowest) visits[at].lowest = v.lowest;
    }
  }
  return out;
}

/// No mailbox that holds up its senders stands on a cycle. Each cycle is one mistake.
template <std::size_t N>
constexpr void judge_cycles(tree_view tree, link_view links, finder& found_mistake) {
  if (!has_suspending_mailbox(tree)) return;
  const std::array<node_index, N> cycles = find_cycles<N>(tree, links);
  std::array<bool, N + 1> said{};
  for (node_index i = 0; i != N; ++i) {
    if (cycles[i] == 0 || said[cycles[i]] || !has_suspending_mailbox(tree[i])) continue;
    said[cycles[i]] = true;
    std::uint32_t at = 0;
    auto leads_back = [&] {
      const node_index to = target_of(tree, links, i, at);
      return to != no_node && cycles[to] == cycles[i];
    };
    while (!leads_back()) ++at;
    found_mistake({mistake::suspends_on_a_cycle, i, no_node, at});
  }
}

}  // namespace espalier::detail
