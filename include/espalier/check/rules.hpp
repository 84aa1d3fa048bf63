// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/finding.hpp>
#include <espalier/check/scope.hpp>

// Whether the parts of a tree are well formed, as loops over its records (reference E.1).
namespace espalier::detail {

/// Options that are unknown, do not fit, or stand there twice.
constexpr void judge_options(tree_view tree, finder& found) {
  for (std::uint32_t i = 0; i != tree.mistake_count; ++i) {
    const option_mistake& m = tree.mistakes[i];
    const mistake what = m.what == option_fault::unknown        ? mistake::unknown_option
                         : m.what == option_fault::does_not_fit ? mistake::option_does_not_fit
                                                                : mistake::option_given_twice;
    found({what, m.node, no_node, m.at, m.in_parts, m.option});
  }
}

/// Whether a record is what a child of a dynamic supervisor may be: a process, or a supervisor with one that
/// is always there, by which its `ref` finds it.
constexpr bool can_be_started(tree_view tree, node_index i) {
  for (node_index p = i; p != tree[i].end; ++p) {
    if (!tree[p].supervisor && tree[p].pattern == i) return true;
    if (tree[p].supervisor && tree[p].children == 0) return true;  // a mistake of its own
  }
  return false;
}

/// Well-formedness of a record as a supervisor.
constexpr void judge_supervisor(tree_view tree, node_index i, finder& found) {
  const record& r = tree[i];
  if (r.children == 0) found({mistake::no_children, i});
  if (r.dynamic && r.children != 0 && (r.children != 1 || !can_be_started(tree, i + 1))) {
    found({mistake::not_one_process, i});
  }
  if (r.partitioned) {
    if (!is_valid_partition_count(r.partitions)) {
      found({mistake::invalid_partitions, i});
    } else if (r.children != 0 && (r.children != r.partitions || r.end != i + 1 + r.children)) {
      found({mistake::not_one_process, i});
    }
  }
  if (r.max_children < 1) found({mistake::invalid_max_children, i});
  if (r.max_restarts < 0) found({mistake::invalid_intensity, i});
  if (r.period <= duration{0} || r.period == infinity) found({mistake::invalid_period, i});
}

/// Well-formedness of a record as a child.
constexpr void judge_child(tree_view tree, node_index i, finder& found) {
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

/// No two children of one supervisor have one name. Records of one name stand together in `sorted`, in order.
template <std::size_t N>
constexpr void judge_names(tree_view tree, std::array<node_index, N> const& sorted, finder& found) {
  std::array<node_index, N> last{};  // by supervisor: the child that was seen last, if it has this name
  for (std::size_t i = 0; i != N; ++i) {
    const node_index node = sorted[i];
    record const& r = tree[node];
    const bool is_alone = (i == 0 || tree[sorted[i - 1]].name.hash() != r.name.hash()) &&
                          (i + 1 == N || tree[sorted[i + 1]].name.hash() != r.name.hash());
    if (is_alone || r.parent == no_node || tree.is_partition(node)) continue;
    const node_index before = last[r.parent];
    if (before != 0 && tree[before].name == r.name) found({mistake::duplicate_child_name, node, before});
    last[r.parent] = node;
  }
}

}  // namespace espalier::detail
