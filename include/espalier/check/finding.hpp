// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/check/record.hpp>

// What the rules find, as data; `sentences.hpp` says it in words.
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
  invalid_partitions,
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
  shutdown_below_bound,
  nothing_significant,
  auto_shutdown_permanent,
  temporary_lost_to_sibling,  // `other`: whose restart ends it
  transient_supervisor,
  strategy_without_effect,
  terminate_skipped_on_stop,
  not_a_list,               // `at`: which
  not_in_scope,             // `at`: which edge
  cannot_start_there,       // `at`
  starts_an_ancestor,       // `at`
  ambiguous,                // `at`
  calls_itself,             // `at`
  starts_later,             // `at`, `other`
  not_restarted_with,       // `at`, `other`
  restarts_with_temporary,  // `at`, `other`
  suspends_on_a_cycle,      // `at`: the edge that leads back
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
         f.what == mistake::invalid_partitions || f.what == mistake::invalid_intensity ||
         f.what == mistake::invalid_period || f.what == mistake::nothing_significant ||
         f.what == mistake::strategy_without_effect;
}

/// Whether two findings would be said in the same words.
constexpr bool same_words(tree_view tree, finding a, finding b) {
  const record& x = tree[a.subject];
  const record& y = tree[b.subject];
  if (a.what != b.what || a.in_parts != b.in_parts || !(x.name == y.name)) return false;
  if (is_said_without_place(a) != is_said_without_place(b)) return false;
  if (!is_said_without_place(a) && !(tree[x.parent].name == tree[y.parent].name)) return false;
  if (a.what < mistake::not_in_scope) {
    return a.option == b.option && (a.what != mistake::not_a_list || a.at == b.at);
  }
  return x.edges[a.at].kind == y.edges[b.at].kind && x.edges[a.at].name == y.edges[b.at].name;
}

/// The first mistakes of a tree. Two that would be said in the same words are one: a supervisor type that
/// stands in a tree twice makes its mistakes twice.
struct findings {
  static constexpr std::size_t most = 32;

  std::array<finding, most> list{};
  std::size_t size = 0;

  constexpr void add(tree_view tree, finding f) {
    for (std::size_t i = 0; i != size; ++i) {
      if (same_words(tree, list[i], f)) return;
    }
    if (size != most) list[size++] = f;
  }
};

/// What the rules tell their findings. One type for all of them, so that a rule is compiled once.
struct finder {
  tree_view tree;
  findings all;

  constexpr void operator()(finding f) { all.add(tree, f); }
};

}  // namespace espalier::detail
