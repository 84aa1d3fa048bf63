// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/diagram.hpp>

// What a drawing needs beside the nodes.
namespace espalier::detail {

/// Calls `draw(to, word)` for each name of a process that leads to another node.
template <class T, class Draw>
constexpr void for_each_arrow(node_index from, Draw draw) {
  record const& r = view_of<T>[from];
  for (std::uint32_t e = 0; e != r.edge_count; ++e) {
    const node_index to = links_of<T>(from, e).node;
    if (to != no_node && to != from) draw(to, word(r.edges[e].kind));
  }
}

constexpr void write_id(text_writer& out, node_index i) {
  out.add('n');
  out.add(static_cast<unsigned long long>(i));
}

}  // namespace espalier::detail
