// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/arrows.hpp>

// The tree as a Mermaid flowchart, which GitHub and others draw where they show text.
namespace espalier {

namespace detail {

template <class T>
struct mermaid_writer {
  static constexpr quoting quotes = quoting::mermaid;

  static constexpr void write(text_writer& out, node_index first, node_index last) {
    if (first == 0) out.add("flowchart TD\n");
    for (node_index i = first; i != last; ++i) {
      if (view_of<T>.is_repeated(i)) continue;
      record const& r = view_of<T>[i];
      out.add("  ");
      if (i != 0) {
        write_id(out, r.parent);
        out.add(" --> ");
      }
      write_id(out, i);
      out.add(r.supervisor ? "[\"" : "([\"");
      write_policy(out, r);
      out.add(r.supervisor ? "\"]\n" : "\"])\n");
      for_each_arrow<T>(i, [&](node_index to, std::string_view word) {
        out.add("  ");
        write_id(out, i);
        out.add(" -. ");
        out.add(word);
        out.add(" .-> ");
        write_id(out, to);
        out.add('\n');
      });
    }
  }
};

}  // namespace detail

/// The tree as a Mermaid flowchart: supervisors are boxes, processes are round, and what processes declare
/// about each other are dotted arrows. A name that leads nowhere has no arrow.
template <class T>
inline constexpr std::string_view diagram_mermaid = detail::text_by<T, detail::mermaid_writer<T>>;

}  // namespace espalier
