// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/edge_rules.hpp>
#include <espalier/check/policy_rules.hpp>
#include <espalier/check/rules.hpp>

// The rules applied to a tree type, once, in evaluations that are short enough for any compiler.
namespace espalier::detail {

/// The rules about single records, and about what processes declare, applied to the records `first` to
/// `last`.
constexpr findings judge_records(tree_view tree, unsigned char const* doubts, node_index first,
                                 node_index last) {
  finder found{tree, {}};
  for (node_index i = first; i != last; ++i) {
    if (tree[i].supervisor) {
      judge_supervisor(tree, i, found);
      judge_supervisor_policy(tree, i, doubts, found);
    }
    if (i != 0) {
      judge_child(tree, i, found);
      judge_child_policy(tree, i, doubts, found);
    }
  }
  return found.all;
}
constexpr findings judge_edges(tree_view tree, link_view links, node_index first, node_index last) {
  finder found{tree, {}};
  for (node_index i = first; i != last; ++i) judge_edges(tree, links, i, found);
  return found.all;
}

template <class T>
struct rules {
  static constexpr tree_view tree = view_of<T>;

  /// Calls `judge` with what takes its findings.
  template <class Judge>
  static constexpr findings collect(Judge judge) {
    finder found{tree, {}};
    judge(found);
    return found.all;
  }

  static constexpr auto doubts = find_doubts<records_of<T>.size()>(tree, links_of<T>);
  static constexpr findings about_options = collect([](finder& found) { judge_options(tree, found); });
  static constexpr findings about_names =
      collect([](finder& found) { judge_names(tree, sorted_records_of<T>, found); });
  static constexpr findings about_cycles =
      collect([](finder& found) { judge_cycles<records_of<T>.size()>(tree, links_of<T>, found); });

  template <std::size_t Batch>
  static constexpr findings about_records = judge_records(tree, doubts.data(), batches<T>::begin(Batch),
                                                          batches<T>::end(Batch));
  template <std::size_t Batch>
  static constexpr findings about_edges = judge_edges(tree, links_of<T>, batches<T>::begin(Batch),
                                                      batches<T>::end(Batch));

  template <std::size_t... Batch>
  static constexpr findings judge(std::index_sequence<Batch...>) {
    findings out;
    if constexpr (!records_of<T>[0].supervisor) {
      out.add(tree, {mistake::not_a_supervisor, 0});
    } else {
      for (findings const* some :
           {&about_options, &about_records<Batch>..., &about_names, &about_edges<Batch>..., &about_cycles}) {
        for (std::size_t i = 0; i != some->size; ++i) out.add(tree, some->list[i]);
      }
    }
    return out;
  }
};

template <class T>
inline constexpr findings findings_of = rules<T>::judge(std::make_index_sequence<batches<T>::count>{});

}  // namespace espalier::detail

namespace espalier {

/// Whether every rule accepts the tree `T`. Never fails to compile on a bad tree.
template <class T>
inline constexpr bool is_valid = detail::findings_of<T>.size == 0;

}  // namespace espalier
