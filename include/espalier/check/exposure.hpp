// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/scope.hpp>

// Who may end because of one crash, through supervision or through failed calls.
namespace espalier::detail {

/// Whom a process calls through an edge, if it is one for calls: a process, or the children that it starts.
constexpr node_index callee_of(tree_view tree, name_lookup names, node_index caller, edge e) {
  if (e.kind == edge_kind::calls) return resolve(tree, names, caller, e.name).node;
  if (e.kind != edge_kind::starts) return no_node;
  const node_index d = resolve_dynamic(tree, caller, e.name);
  return d == no_node ? no_node : d + 1;
}

/// Flags in `in` the processes and supervisors that may end because `process` crashes once: its radius,
/// whoever calls one of those and does not catch the failure, and their radii (SEMANTICS 8). `in` has a flag
/// for each record.
template <std::uint32_t MostChildren>
constexpr void expose(tree_view tree, name_lookup names, node_index process, bool* in) {
  auto add = [&](node_index first, node_index last) {
    for (; first != last; ++first) in[first] = true;
  };
  crash<MostChildren>(tree, process, 0, add);
  // A callee starts before its callers, so one pass follows a whole chain of calls. Another one is needed
  // only if a radius has reached something that starts earlier.
  for (bool again = true; again;) {
    again = false;
    for (node_index caller = 0; caller != tree.size; ++caller) {
      if (tree[caller].supervisor || in[caller]) continue;
      for (std::uint32_t e = 0; e != tree[caller].edge_count && !in[caller]; ++e) {
        const node_index callee = callee_of(tree, names, caller, tree[caller].edges[e]);
        if (callee == no_node || !in[callee]) continue;
        crash<MostChildren>(tree, caller, 0, add);
        again = true;
      }
    }
  }
}

}  // namespace espalier::detail
