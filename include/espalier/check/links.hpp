// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/batches.hpp>
#include <espalier/check/scope.hpp>

// Where the names that processes declare lead, found once for all rules and questions.
namespace espalier::detail {

/// Where one name of one process leads: for `starts` to a dynamic supervisor, and to the process itself if
/// the name is its own.
using link = resolution;

/// The links of a tree, in the order of its edges.
struct link_view {
  link const* all = nullptr;
  std::uint32_t const* first = nullptr;  // by record

  constexpr link const& operator()(node_index process, std::uint32_t edge) const {
    return all[first[process] + edge];
  }
};

constexpr link follow(tree_view tree, name_lookup names, node_index from, edge e) {
  if (e.kind == edge_kind::starts) {
    const node_index d = resolve_dynamic(tree, from, e.name);
    return {d == no_node ? found::nowhere : found::once, d, no_node};
  }
  if (e.kind != edge_kind::restarts_with && e.name == tree[from].name) return {found::once, from, no_node};
  return resolve(tree, names, from, e.name);
}

template <class T>
inline constexpr auto sorted_records_of = sort_records<records_of<T>.size()>(view_of<T>);

template <class T>
inline constexpr auto names_of = index_names(view_of<T>, sorted_records_of<T>);

template <class T>
inline constexpr name_lookup lookup_of{names_of<T>.sorted.data(), names_of<T>.hashes.data(),
                                       names_of<T>.size};

/// Where each record's links begin, and the end of all.
template <class T>
inline constexpr auto first_links_of = [] {
  std::array<std::uint32_t, records_of<T>.size() + 1> out{};
  for (node_index i = 0; i != view_of<T>.size; ++i) out[i + 1] = out[i] + view_of<T>[i].edge_count;
  return out;
}();

template <class T>
struct link_batches : batches<T> {
  template <std::size_t Batch>
  static constexpr auto batch = [] {
    constexpr node_index begin = batches<T>::begin(Batch);
    constexpr node_index end = batches<T>::end(Batch);
    std::array<link, first_links_of<T>[end] - first_links_of<T>[begin] + 1> out{};
    std::size_t n = 0;
    for (node_index i = begin; i != end; ++i) {
      record const& r = view_of<T>[i];
      for (std::uint32_t e = 0; e != r.edge_count; ++e) {
        out[n++] = follow(view_of<T>, lookup_of<T>, i, r.edges[e]);
      }
    }
    return out;
  }();
};
template <class T>
inline constexpr auto const& all_links_of = joined<link_batches<T>>;

template <class T>
inline constexpr link_view links_of{all_links_of<T>.data(), first_links_of<T>.data()};

}  // namespace espalier::detail
