// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/scope.hpp>

// The rules that refuse a tree, as loops over its records. What they find is data; `sentences.hpp` says it in
// words.
namespace espalier::detail {

enum class mistake : unsigned char {
  not_a_supervisor,     // the root
  not_a_process,        // a child that is no class
  unknown_option,       // `at`: which
  option_does_not_fit,  // `at`
  option_given_twice,   // `at`
  no_children,
  not_one_process,
  invalid_max_children,
  invalid_intensity,
  invalid_period,
  invalid_shutdown,
  invalid_start_limit,
  invalid_backoff,
  invalid_mailbox,
  duplicate_child_name,  // `other`: the one before
  significant_permanent,
  significant_never,
  backoff_without_restarts,
  not_a_list,               // `at`: which
  not_in_scope,             // `at`: which edge
  cannot_start_there,       // `at`
  ambiguous,                // `at`
  calls_itself,             // `at`
  starts_later,             // `at`, `other`
  not_restarted_with,       // `at`, `other`
  restarts_with_temporary,  // `at`, `other`
};

struct finding {
  mistake what{};
  node_index subject = no_node;
  node_index other = no_node;
  std::uint32_t at = 0;
  bool in_parts = false;  // of an option: in the supervisor's list
  type_id option = {};
};

/// Whether a mistake is a supervisor's own, and so said without the place where the supervisor stands.
constexpr bool is_said_without_place(finding f) {
  return f.subject == 0 || f.in_parts || f.what == mistake::no_children ||
         f.what == mistake::not_one_process || f.what == mistake::invalid_max_children ||
         f.what == mistake::invalid_intensity || f.what == mistake::invalid_period;
}

/// Options that are unknown, do not fit, or stand there twice.
template <class Found>
constexpr void judge_options(tree_view tree, Found& found) {
  for (std::uint32_t i = 0; i != tree.mistake_count; ++i) {
    const option_mistake& m = tree.mistakes[i];
    const mistake what = m.what == option_fault::unknown        ? mistake::unknown_option
                         : m.what == option_fault::does_not_fit ? mistake::option_does_not_fit
                                                                : mistake::option_given_twice;
    found({what, m.node, no_node, m.at, m.in_parts, m.option});
  }
}

/// Well-formedness of a record as a supervisor.
template <class Found>
constexpr void judge_supervisor(tree_view tree, node_index i, Found& found) {
  const record& r = tree[i];
  if (r.children == 0) found({mistake::no_children, i});
  if (r.dynamic && r.children != 0 && (r.children != 1 || tree[i + 1].supervisor)) {
    found({mistake::not_one_process, i});
  }
  if (r.max_children < 1) found({mistake::invalid_max_children, i});
  if (r.max_restarts < 0) found({mistake::invalid_intensity, i});
  if (r.period <= duration{0} || r.period == infinity) found({mistake::invalid_period, i});
}

/// Well-formedness of a record as a child.
template <class Found>
constexpr void judge_child(tree_view tree, node_index i, Found& found) {
  const record& r = tree[i];
  if (!r.is_process) found({mistake::not_a_process, i});
  for (std::uint32_t list = 0; list != 5; ++list) {
    if ((r.wrong_lists >> list & 1) != 0) found({mistake::not_a_list, i, no_node, list});
  }
  if (r.shutdown < duration{0}) found({mistake::invalid_shutdown, i});
  if (r.start_limit <= duration{0}) found({mistake::invalid_start_limit, i});
  if (r.backs_off) {
    if (r.backoff_first <= duration{0} || r.backoff_max < r.backoff_first || r.backoff_max == infinity) {
      found({mistake::invalid_backoff, i});
    } else if (tree[r.parent].max_restarts < 2) {
      found({mistake::backoff_without_restarts, i});
    }
  }
  if (r.mailbox <= 0) found({mistake::invalid_mailbox, i});
  if (r.significant && r.restart == restart_kind::permanent) found({mistake::significant_permanent, i});
  if (r.significant && tree[r.parent].auto_shutdown == auto_shutdown_kind::never) {
    found({mistake::significant_never, i});
  }
}

/// No two children of one supervisor have one name.
template <std::size_t N, class Found>
constexpr void judge_names(tree_view tree, Found& found) {
  std::array<node_index, N> sorted{};
  for (node_index i = 0; i != tree.size; ++i) sorted[i] = i;
  sort(sorted.data(), N, [&](node_index a, node_index b) {
    const record& x = tree[a];
    const record& y = tree[b];
    if (x.parent != y.parent) return x.parent < y.parent;
    return x.name.hash() != y.name.hash() ? x.name.hash() < y.name.hash() : a < b;
  });
  for (std::size_t i = 1; i < N; ++i) {
    const record& before = tree[sorted[i - 1]];
    const record& r = tree[sorted[i]];
    if (r.parent == before.parent && r.name == before.name) {
      found({mistake::duplicate_child_name, sorted[i], sorted[i - 1]});
    }
  }
}

/// The names that a process declares lead somewhere, and its calls to what starts before it.
template <std::uint32_t MostChildren, class Found>
constexpr void judge_edges(tree_view tree, name_lookup names, node_index i, Found& found_mistake) {
  const record& r = tree[i];
  for (std::uint32_t at = 0; at != r.edge_count; ++at) {
    const edge e = r.edges[at];
    if (e.kind == edge_kind::starts) {
      const node_index d = resolve_dynamic(tree, i, e.name);
      const bool is_before = d != no_node && d < i;
      if (!is_before || tree[d].end > i) found_mistake({mistake::cannot_start_there, i, no_node, at});
      continue;
    }
    if (e.kind != edge_kind::restarts_with && e.name == r.name) {
      if (e.kind == edge_kind::calls) found_mistake({mistake::calls_itself, i, i, at});
      continue;
    }
    const resolution to = resolve(tree, names, i, e.name);
    if (to.what == found::nowhere) {
      found_mistake({mistake::not_in_scope, i, no_node, at});
    } else if (to.what == found::often) {
      // Two siblings of one name are a mistake of their own.
      if (tree[to.node].parent != tree[to.second].parent) found_mistake({mistake::ambiguous, i, to.node, at});
    } else if (e.kind == edge_kind::calls && to.node > i) {
      found_mistake({mistake::starts_later, i, to.node, at});
    } else if (e.kind == edge_kind::restarts_with && tree[to.node].restart == restart_kind::temporary) {
      found_mistake({mistake::restarts_with_temporary, i, to.node, at});
    } else if (e.kind == edge_kind::restarts_with && !crash_ends<MostChildren>(tree, to.node, i)) {
      found_mistake({mistake::not_restarted_with, i, to.node, at});
    }
  }
}

/// Runs every rule over a tree of `N` records and calls `found` for each mistake, in tree order for each
/// rule.
template <std::size_t N, std::uint32_t MostChildren, class Found>
constexpr void judge(tree_view tree, name_lookup names, Found found) {
  if (!tree[0].supervisor) {
    found({mistake::not_a_supervisor, 0});
    return;
  }
  judge_options(tree, found);
  for (node_index i = 0; i != tree.size; ++i) {
    if (tree[i].supervisor) judge_supervisor(tree, i, found);
    if (i != 0) judge_child(tree, i, found);
  }
  judge_names<N>(tree, found);
  for (node_index i = 0; i != tree.size; ++i) judge_edges<MostChildren>(tree, names, i, found);
}

}  // namespace espalier::detail
