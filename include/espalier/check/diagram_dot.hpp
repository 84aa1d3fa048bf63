// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/arrows.hpp>

// The tree as a graph for Graphviz.
namespace espalier {

namespace detail {

template <class T>
struct dot_writer {
  static constexpr quoting quotes = quoting::dot;

  static constexpr void write(text_writer& out, node_index first, node_index last) {
    if (first == 0) out.add("digraph {\n  ordering=out\n");
    for (node_index i = first; i != last; ++i) {
      if (view_of<T>.is_repeated(i)) continue;
      out.add("  ");
      write_id(out, i);
      out.add(" [label=\"");
      write_policy(out, view_of<T>[i]);
      out.add(view_of<T>[i].supervisor ? "\" shape=box]\n" : "\"]\n");
      if (i != 0) {
        write_arrow(out, view_of<T>[i].parent, i);
        out.add('\n');
      }
      for_each_arrow<T>(i, [&](node_index to, std::string_view word) {
        write_arrow(out, i, to);
        out.add(" [label=\"");
        out.add(word);
        out.add("\" style=dashed constraint=false]\n");
      });
    }
    if (last == view_of<T>.size) out.add("}\n");
  }

 private:
  static constexpr void write_arrow(text_writer& out, node_index from, node_index to) {
    out.add("  ");
    write_id(out, from);
    out.add(" -> ");
    write_id(out, to);
  }
};

}  // namespace detail

/// The tree as a graph in Graphviz's language: supervisors are boxes, processes are ellipses, and what
/// processes declare about each other are dashed arrows. A name that leads nowhere has no arrow.
template <class T>
inline constexpr std::string_view diagram_dot = detail::text_by<T, detail::dot_writer<T>>;

}  // namespace espalier
