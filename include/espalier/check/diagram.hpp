// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/check/unpack.hpp>
#include <string_view>

// The tree as text, made by the compiler.
namespace espalier {

namespace detail {

/// Writes text, or only counts it while there is no buffer.
class text_writer {
 public:
  constexpr explicit text_writer(char* out = nullptr) : out_(out) {}

  constexpr void add(std::string_view text) {
    for (char c : text) add(c);
  }
  constexpr void add(char c) {
    if (out_ != nullptr) out_[size_] = c;
    ++size_;
  }
  constexpr void add(type_name const& name) { add(std::string_view(name.text, name.size)); }
  constexpr void add(unsigned long long n) {
    if (n >= 10) add(n / 10);
    add(static_cast<char>('0' + n % 10));
  }
  /// A duration in the largest unit that leaves no fraction.
  constexpr void add(duration d) {
    if (d == infinity) return add("infinity");
    if (d.nanoseconds < 0) {
      add('-');
      d.nanoseconds = -d.nanoseconds;
    }
    struct unit {
      std::int64_t size;
      std::string_view name;
    };
    constexpr unit units[] = {{3'600'000'000'000, " h"},

                              {60'000'000'000, " min"},
                              {1'000'000'000, " s"},
                              {1'000'000, " ms"},
                              {1'000, " us"}};
    for (unit const& u : units) {
      if (d.nanoseconds != 0 && d.nanoseconds % u.size == 0) {
        add(static_cast<unsigned long long>(d.nanoseconds / u.size));
        return add(u.name);
      }
    }
    add(static_cast<unsigned long long>(d.nanoseconds));
    add(d.nanoseconds == 0 ? " s" : " ns");
  }

  constexpr std::size_t size() const { return size_; }

 private:
  char* out_;
  std::size_t size_ = 0;
};

constexpr std::string_view word(strategy_kind s) {
  return s == strategy_kind::one_for_one   ? "one_for_one"
         : s == strategy_kind::one_for_all ? "one_for_all"
                                           : "rest_for_one";
}
constexpr std::string_view word(overflow o) {
  return o == overflow::suspend       ? "suspend"
         : o == overflow::drop_newest ? "drop_newest"
         : o == overflow::drop_oldest ? "drop_oldest"
                                      : "crash";
}
constexpr std::string_view word(restart_kind r) {
  return r == restart_kind::permanent   ? "permanent"
         : r == restart_kind::transient ? "transient"
                                        : "temporary";
}
constexpr std::string_view word(edge_kind k) {
  return k == edge_kind::calls    ? "calls"
         : k == edge_kind::casts  ? "casts"
         : k == edge_kind::starts ? "starts"
                                  : "restarts_with";
}

/// What a reader calls a node: its type's name, or its number where a supervisor was not derived from.
constexpr void write_name(text_writer& out, record const& r) {
  if (r.named) return out.add(*r.name);
  if (r.parent == no_node) return out.add("supervisor");
  out.add("supervisor ");
  out.add(static_cast<unsigned long long>(r.number + 1));
}

constexpr void write_node(text_writer& out, record const& r) {
  write_name(out, r);
  if (r.supervisor) {
    out.add(" (");
    if (r.partitioned) {
      out.add("partitioned ");
      out.add(static_cast<unsigned long long>(r.partitions < 0 ? 0 : r.partitions));
    } else {
      out.add(r.dynamic ? "dynamic" : word(r.strategy));
    }
    out.add(", ");
    if (r.max_restarts < 0) out.add('-');
    out.add(static_cast<unsigned long long>(r.max_restarts < 0 ? -r.max_restarts : r.max_restarts));
    out.add(" in ");
    out.add(r.period);
    if (r.max_children != record::no_bound) {
      out.add(", max_children ");
      out.add(static_cast<unsigned long long>(r.max_children < 0 ? 0 : r.max_children));
    }
    if (r.auto_shutdown == auto_shutdown_kind::any_significant) out.add(", auto_shutdown_any");
    if (r.auto_shutdown == auto_shutdown_kind::all_significant) out.add(", auto_shutdown_all");
    out.add(')');
  }
  if (r.restart != restart_kind::permanent) {
    out.add(", ");
    out.add(word(r.restart));
  }
  if (r.significant) out.add(", significant");
  if (r.brutal_kill) {
    out.add(", brutal_kill");
  } else if (r.parent != no_node && r.shutdown != (r.supervisor ? infinity : duration{5'000'000'000})) {
    out.add(", shutdown ");
    out.add(r.shutdown);
  }
  if (r.drain) out.add(", drain");
  if (r.start_limit != infinity) {
    out.add(", start_limit ");
    out.add(r.start_limit);
  }
  if (r.backs_off) {
    out.add(", backoff ");
    out.add(r.backoff_first);
    out.add(" to ");
    out.add(r.backoff_max);
  }
  if (r.mailbox != record::no_bound) {
    out.add(", mailbox ");
    out.add(static_cast<unsigned long long>(r.mailbox < 0 ? 0 : r.mailbox));
    out.add(' ');
    out.add(word(r.when_full));
  }
  if (r.keep_mailbox) out.add(", keep_mailbox");
  for (std::uint32_t i = 0; i != r.edge_count; ++i) {
    const bool first = i == 0 || r.edges[i - 1].kind != r.edges[i].kind;
    out.add(first ? ", " : " ");
    if (first) {
      out.add(word(r.edges[i].kind));
      out.add(' ');
    }
    out.add(*r.edges[i].name);
  }
  out.add('\n');
}

constexpr void write_branches(text_writer& out, tree_view tree, node_index i) {
  const node_index parent = tree[i].parent;
  if (parent == no_node) return;
  // The lines of the ancestors that still have later siblings, outermost first.
  node_index path[64] = {};
  std::size_t depth = 0;
  for (node_index a = parent; tree[a].parent != no_node && depth != 64; a = tree[a].parent) path[depth++] = a;
  while (depth != 0) {
    const record& a = tree[path[--depth]];
    out.add(a.end == tree[a.parent].end ? "   " : "│  ");
  }
  out.add(tree[i].end == tree[parent].end || tree.is_partition(i) ? "└─ " : "├─ ");
}

constexpr void write_tree(text_writer& out, tree_view tree) {
  for (node_index i = 0; i != tree.size; ++i) {
    if (tree.is_repeated(i)) continue;
    write_branches(out, tree, i);
    write_node(out, tree[i]);
  }
}

template <class T>
inline constexpr auto diagram_text = [] {
  constexpr std::size_t size = [] {
    text_writer count;
    write_tree(count, view_of<T>);
    return count.size();
  }();
  std::array<char, size + 1> text{};
  text_writer out(text.data());
  write_tree(out, view_of<T>);
  return text;
}();

}  // namespace detail

/// The tree as text, one line for each supervisor and process; what is left at its default is not said.
template <class T>
inline constexpr std::string_view diagram{detail::diagram_text<T>.data(), detail::diagram_text<T>.size() - 1};

}  // namespace espalier
