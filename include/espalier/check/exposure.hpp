// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/links.hpp>

// Who may end because of one crash, through supervision or through failed calls.
namespace espalier::detail {

/// Whom a process calls through an edge, if it is one for calls: a process, or the children that it starts.
constexpr node_index callee_of(edge e, link to) {
  if (e.kind == edge_kind::calls) return to.node;
  return e.kind == edge_kind::starts && to.node != no_node ? to.node + 1 : no_node;
}

/// Who calls a record: `list[first[i]]` to `list[first[i + 1]]`.
struct caller_view {
  node_index const* list = nullptr;
  std::uint32_t const* first = nullptr;
  record const* records = nullptr;
};

template <std::size_t Records, std::size_t Edges>
struct caller_index {
  std::array<node_index, Edges + 1> list{};
  std::array<std::uint32_t, Records + 2> first{};
};

template <class T>
inline constexpr auto callers_index_of = [] {
  constexpr tree_view tree = view_of<T>;
  caller_index<records_of<T>.size(), first_links_of<T>[records_of<T>.size()]> out;
  auto for_each_call = [&](auto what) {
    for (node_index caller = 0; caller != tree.size; ++caller) {
      for (std::uint32_t e = 0; e != tree[caller].edge_count; ++e) {
        const node_index callee = callee_of(tree[caller].edges[e], links_of<T>(caller, e));
        if (callee != no_node) what(caller, callee);
      }
    }
  };
  for_each_call([&](node_index, node_index callee) { ++out.first[callee + 2]; });
  for (std::size_t i = 2; i != out.first.size(); ++i) out.first[i] += out.first[i - 1];
  for_each_call([&](node_index caller, node_index callee) { out.list[out.first[callee + 1]++] = caller; });
  return out;
}();

template <class T>
inline constexpr caller_view callers_of{callers_index_of<T>.list.data(), callers_index_of<T>.first.data(),
                                        records_of<T>.data()};

/// The outage of each record's end.
template <class T>
struct outage_batches : batches<T> {
  template <std::size_t Batch>
  static constexpr auto batch = [] {
    constexpr node_index begin = batches<T>::begin(Batch);
    constexpr node_index end = batches<T>::end(Batch);
    std::array<outage, end - begin + 1> out{};
    for (node_index i = begin; i != end; ++i) out[i - begin] = crash(view_of<T>, i);
    return out;
  }();
};
template <class T>
inline constexpr auto const& outages_of = joined<outage_batches<T>>;

/// A set of records that grows: `list` has them as they were added, `mark` is `stamp` for each of them. Both
/// have an entry for each record; with another stamp they serve again.
struct reach {
  node_index* mark = nullptr;
  node_index* list = nullptr;
  node_index stamp = 1;
  std::size_t size = 0;

  constexpr void add(outage const& o) {
    for (node_index i = o.first; i != o.last; ++i) {
      if (mark[i] == stamp) continue;
      mark[i] = stamp;
      list[size++] = i;
    }
  }
};

/// Adds the processes and supervisors that may end because `process` crashes once: its radius, whoever calls
/// one of those and does not catch the failure, and their radii (SEMANTICS 8).
constexpr void expose(outage const* outages, caller_view callers, node_index process, reach& out) {
  out.add(outages[process]);
  auto add_callers_of = [&](node_index i) {
    for (std::uint32_t c = callers.first[i]; c != callers.first[i + 1]; ++c) {
      if (out.mark[callers.list[c]] != out.stamp) out.add(outages[callers.list[c]]);
    }
  };
  for (std::size_t done = 0; done != out.size; ++done) {
    const node_index callee = out.list[done];
    add_callers_of(callee);
    // Who starts such a child may call any process in it.
    const node_index started = callers.records[callee].pattern;
    if (started != no_node && started != callee) add_callers_of(started);
  }
}

}  // namespace espalier::detail
