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

/// The first mistakes of a tree, each once: a supervisor type that stands in a tree twice makes the same ones
/// twice.
struct findings {
  static constexpr std::size_t most = 32;

  std::array<finding, most> list{};
  std::size_t size = 0;

  constexpr void add(tree_view tree, finding f) {
    for (std::size_t i = 0; i != size; ++i) {
      const record& a = tree[list[i].subject];
      const record& b = tree[f.subject];
      const bool same_place = list[i].subject == f.subject || f.subject == 0 || list[i].subject == 0
                                  ? list[i].subject == f.subject
                                  : tree[a.parent].name == tree[b.parent].name;
      if (list[i].what == f.what && list[i].at == f.at && a.name == b.name && same_place) return;
    }
    if (size != most) list[size++] = f;
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
