// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/finding.hpp>
#include <espalier/check/links.hpp>
#include <espalier/check/stop_bound.hpp>
#include <espalier/check/suspicions.hpp>

// Restart policies that contradict themselves, and those that are most likely not meant (reference E.2).
namespace espalier::detail {

/// What has been said about a record already that would make a sentence about its policy say one mistake
/// twice. A bit for each.
struct doubt {
  static constexpr unsigned char options = 1;        // of its own
  static constexpr unsigned char child_options = 2;  // of one of its children
  static constexpr unsigned char missing_child = 4;  // a name inside it leads nowhere
  static constexpr unsigned char must_not_be_temporary = 8;
};

template <std::size_t N>
constexpr std::array<unsigned char, N> find_doubts(tree_view tree, link_view links) {
  std::array<unsigned char, N> out{};
  auto add = [&](node_index i, unsigned char what) { out[i] = static_cast<unsigned char>(out[i] | what); };
  for (std::uint32_t m = 0; m != tree.mistake_count; ++m) {
    const node_index i = tree.mistakes[m].node;
    add(i, doubt::options);
    if (tree[i].parent != no_node) add(tree[i].parent, doubt::child_options);
  }
  for (node_index i = 0; i != tree.size; ++i) {
    for (std::uint32_t e = 0; e != tree[i].edge_count; ++e) {
      const link to = links(i, e);
      if (to.what == found::nowhere) {
        for (node_index s = tree[i].parent; s != no_node; s = tree[s].parent) add(s, doubt::missing_child);
      } else if (tree[i].edges[e].kind == edge_kind::restarts_with) {
        add(to.node, doubt::must_not_be_temporary);
      }
    }
  }
  return out;
}

/// Whether the end of a child may have its supervisor restart something. A supervisor ends with `shutdown`,
/// so only a permanent one is restarted.
constexpr bool may_be_restarted(record const& r) {
  return r.restart == restart_kind::permanent || (r.restart == restart_kind::transient && !r.supervisor);
}

/// The sibling whose restart ends the child `i` for good; `no_node` if there is none.
constexpr node_index restarts_around(tree_view tree, node_index i) {
  record const& above = tree[tree[i].parent];
  if (above.strategy == strategy_kind::one_for_one || above.max_restarts <= 0) return no_node;
  const node_index last = above.strategy == strategy_kind::rest_for_one ? i : above.end;
  for (node_index s = tree[i].parent + 1; s < last; s = tree[s].end) {
    if (s != i && may_be_restarted(tree[s])) return s;
  }
  return no_node;
}

/// A supervisor, for itself.
constexpr void judge_supervisor_policy(tree_view tree, node_index i, unsigned char const* all_doubts,
                                       finder& found) {
  record const& r = tree[i];
  const unsigned char doubts = all_doubts[i];
  const bool shuts_down = r.auto_shutdown != auto_shutdown_kind::never;
  if (shuts_down && r.children != 0 && (doubts & (doubt::options | doubt::child_options)) == 0 &&
      !has_significant(tree, i + 1, r.end)) {
    found({mistake::nothing_significant, i});
  }
  if (r.strategy != strategy_kind::one_for_one && r.children == 1 &&
      (doubts & (doubt::options | doubt::missing_child)) == 0 &&
      !is_allowed(r, suspicion::strategy_without_effect)) {
    found({mistake::strategy_without_effect, i});
  }
}

/// A record as a child.
constexpr void judge_child_policy(tree_view tree, node_index i, unsigned char const* doubts, finder& found) {
  record const& r = tree[i];
  if ((doubts[i] & doubt::options) != 0) return;
  if (r.supervisor) {
    if (r.shutdown >= duration{0} && r.shutdown < bound_of_stop(tree, i, r.end)) {
      found({mistake::shutdown_below_bound, i});
    }
    const bool shuts_down =
        r.auto_shutdown != auto_shutdown_kind::never && has_significant(tree, i + 1, r.end);
    if (shuts_down && r.restart == restart_kind::permanent) found({mistake::auto_shutdown_permanent, i});
    if (r.auto_shutdown == auto_shutdown_kind::never && r.restart == restart_kind::transient &&
        !is_allowed(r, suspicion::transient_supervisor)) {
      found({mistake::transient_supervisor, i});
    }
  }
  if (r.restart == restart_kind::temporary && (doubts[i] & doubt::must_not_be_temporary) == 0 &&
      (doubts[r.parent] & doubt::options) == 0 && !is_allowed(r, suspicion::temporary_lost_to_sibling)) {
    const node_index sibling = restarts_around(tree, i);
    if (sibling != no_node) found({mistake::temporary_lost_to_sibling, i, sibling});
  }
  if (r.skips_terminate && !is_allowed(r, suspicion::terminate_skipped_on_stop)) {
    found({mistake::terminate_skipped_on_stop, i});
  }
}

}  // namespace espalier::detail
