// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/rules.hpp>
#include <espalier/check/unpack.hpp>

// The rules applied to a tree type, once.
namespace espalier::detail {

template <class T>
inline constexpr auto names_of = index_names<records_of<T>.size()>(view_of<T>);

template <class T>
inline constexpr name_lookup lookup_of{names_of<T>.sorted.data(), names_of<T>.size};

/// The most children of one supervisor, at least 1.
template <class T>
inline constexpr std::uint32_t most_children_of = most_children(view_of<T>) == 0 ? 1
                                                                                 : most_children(view_of<T>);

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

  static constexpr bool same_words(tree_view tree, finding a, finding b) {
    const record& x = tree[a.subject];
    const record& y = tree[b.subject];
    if (a.what != b.what || a.in_parts != b.in_parts || !(x.name == y.name)) return false;
    if (is_said_without_place(a) != is_said_without_place(b)) return false;
    if (!is_said_without_place(a) && !(tree[x.parent].name == tree[y.parent].name)) return false;
    if (a.what < mistake::not_in_scope)
      return a.option == b.option && (a.what != mistake::not_a_list || a.at == b.at);
    return x.edges[a.at].kind == y.edges[b.at].kind && x.edges[a.at].name == y.edges[b.at].name;
  }
};

template <class T>
inline constexpr findings findings_of = [] {
  findings out;
  judge<records_of<T>.size(), most_children_of<T>>(view_of<T>, lookup_of<T>,
                                                   [&](finding f) { out.add(view_of<T>, f); });
  return out;
}();

}  // namespace espalier::detail

namespace espalier {

/// Whether every rule accepts the tree `T`. Never fails to compile on a bad tree.
template <class T>
inline constexpr bool is_valid = detail::findings_of<T>.size == 0;

}  // namespace espalier
