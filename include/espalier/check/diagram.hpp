// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/text.hpp>

// The tree as text, made by the compiler.
namespace espalier {

namespace detail {

/// What a node is called, and what was decided about it but for its edges.
constexpr void write_policy(text_writer& out, record const& r) {
  write_name(out, r);
  if (r.supervisor) {
    out.add(" (");
    if (r.partitioned) {
      out.add("partitioned ");
      out.add(static_cast<unsigned long long>(r.partitions < 0 ? 0 : r.partitions));
    } else {
      out.add(r.dynamic ? "dynamic" : word(r.strategy));
    }
    out.add(", ");
    out.add(r.max_restarts);
    out.add(" in ");
    out.add(r.period);
    if (r.max_children != record::no_bound) {
      out.add(", max_children ");
      out.add(static_cast<unsigned long long>(r.max_children < 0 ? 0 : r.max_children));
    }
    if (r.auto_shutdown == auto_shutdown_kind::any_significant) out.add(", auto_shutdown_any");
    if (r.auto_shutdown == auto_shutdown_kind::all_significant) out.add(", auto_shutdown_all");
    out.add(')');
  }
  if (r.restart != restart_kind::permanent) {
    out.add(", ");
    out.add(word(r.restart));
  }
  if (r.significant) out.add(", significant");
  if (r.brutal_kill) {
    out.add(", brutal_kill");
  } else if (r.parent != no_node && r.shutdown != (r.supervisor ? infinity : duration{5'000'000'000})) {
    out.add(", shutdown ");
    out.add(r.shutdown);
  }
  if (r.drain) out.add(", drain");
  if (r.start_limit != infinity) {
    out.add(", start_limit ");
    out.add(r.start_limit);
  }
  if (r.backs_off) {
    out.add(", backoff ");
    out.add(r.backoff_first);
    out.add(" to ");
    out.add(r.backoff_max);
  }
  if (r.mailbox != record::no_bound) {
    out.add(", mailbox ");
    out.add(static_cast<unsigned long long>(r.mailbox < 0 ? 0 : r.mailbox));
    out.add(' ');
    out.add(word(r.when_full));
  }
  if (r.keep_mailbox) out.add(", keep_mailbox");
}

constexpr void write_node(text_writer& out, record const& r) {
  write_policy(out, r);
  for (std::uint32_t i = 0; i != r.edge_count; ++i) {
    const bool first = i == 0 || r.edges[i - 1].kind != r.edges[i].kind;
    out.add(first ? ", " : " ");
    if (first) {
      out.add(word(r.edges[i].kind));
      out.add(' ');
    }
    out.add(*r.edges[i].name);
  }
  out.add('\n');
}

constexpr void write_branches(text_writer& out, tree_view tree, node_index i) {
  const node_index parent = tree[i].parent;
  if (parent == no_node) return;
  // The lines of the ancestors that still have later siblings, outermost first.
  node_index path[64] = {};
  std::size_t depth = 0;
  for (node_index a = parent; tree[a].parent != no_node && depth != 64; a = tree[a].parent) path[depth++] = a;
  while (depth != 0) {
    const record& a = tree[path[--depth]];
    out.add(a.end == tree[a.parent].end ? "   " : "│  ");
  }
  out.add(tree[i].end == tree[parent].end || tree.is_partition(i) ? "└─ " : "├─ ");
}

template <class T>
struct diagram_writer {
  static constexpr quoting quotes = quoting::none;
  static constexpr void write(text_writer& out, node_index first, node_index last) {
    for (node_index i = first; i != last; ++i) {
      if (view_of<T>.is_repeated(i)) continue;
      write_branches(out, view_of<T>, i);
      write_node(out, view_of<T>[i]);
    }
  }
};

}  // namespace detail

/// The tree as text, one line for each supervisor and process; what is left at its default is not said.
template <class T>
inline constexpr std::string_view diagram = detail::text_by<T, detail::diagram_writer<T>>;

}  // namespace espalier
