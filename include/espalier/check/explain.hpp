// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/questions.hpp>
#include <espalier/check/text.hpp>

// The whole policy as a table, a row for each process.
namespace espalier {

namespace detail {

/// Some processes: the first few by name, and how many there are.
struct few {
  static constexpr std::size_t shown = 6;

  std::array<node_index, shown> list{};
  std::size_t size = 0;

  /// Takes them in any order, and keeps the first in tree order.
  constexpr void add(node_index i) {
    const std::size_t kept = size < shown ? size : shown;
    ++size;
    if (kept == shown && list[shown - 1] < i) return;
    std::size_t at = kept == shown ? shown - 1 : kept;
    for (; at != 0 && list[at - 1] > i; --at) list[at] = list[at - 1];
    list[at] = i;
  }
};

/// What the table says of one process, beside what its record says.
struct policy_row {
  node_index process = 0;
  node_index before = no_node;  // which is started before it
  few restarted_by;
  few exposed;
  std::uint64_t budget = 0;
};

inline constexpr std::size_t columns = 6;

constexpr void write_few(text_writer& out, tree_view tree, few const& some) {
  for (std::size_t i = 0; i != some.size && i != few::shown; ++i) {
    if (i != 0) out.add(", ");
    write_name(out, tree[some.list[i]]);
  }
  if (some.size > few::shown) {
    out.add(" and ");
    out.add(static_cast<unsigned long long>(some.size - few::shown));
    out.add(" more");
  }
  if (some.size == 0) out.add('-');
}

/// The path of a process, from below the root.
constexpr void write_path(text_writer& out, tree_view tree, node_index i) {
  const node_index parent = tree[i].parent;
  if (parent != no_node && parent != 0) {
    write_path(out, tree, parent);
    out.add('/');
  }
  write_name(out, tree[i]);
}

constexpr void write_cell(text_writer& out, tree_view tree, policy_row const& row, std::size_t column) {
  record const& r = tree[row.process];
  switch (column) {
    case 0:
      return write_path(out, tree, row.process);
    case 1:
      return row.before == no_node ? out.add('-') : write_name(out, tree[row.before]);
    case 2:
      return write_few(out, tree, row.restarted_by);
    case 3:
      return write_few(out, tree, row.exposed);
    case 4:
      return row.budget == UINT64_MAX ? out.add("unbounded")
                                      : out.add(static_cast<unsigned long long>(row.budget));
    default:
      return r.brutal_kill ? out.add("brutal_kill") : out.add(r.shutdown);
  }
}

inline constexpr std::string_view column_heads[columns] = {"process", "started after", "restarted by",
                                                           "exposed", "crash budget",  "stop limit"};

/// The processes that have a row, in order.
template <class T>
inline constexpr auto const& shown_nodes = selected_nodes<all_processes<T>>;

/// Those of them whose crash is put right, by the supervisor that does it.
template <class T>
inline constexpr auto repairs_index_of = [] {
  caller_index<records_of<T>.size(), all_processes<T>.size> out;
  auto for_each_repair = [&](auto what) {
    for (std::size_t p = 0; p != all_processes<T>.size; ++p) {
      const node_index victim = outages_of<T>[shown_nodes<T>[p]].victim;
      if (victim != 0) what(shown_nodes<T>[p], view_of<T>[victim].parent);
    }
  };
  for_each_repair([&](node_index, node_index by) { ++out.first[by + 2]; });
  for (std::size_t i = 2; i != out.first.size(); ++i) out.first[i] += out.first[i - 1];
  for_each_repair([&](node_index process, node_index by) { out.list[out.first[by + 1]++] = process; });
  return out;
}();

/// The rows of a batch of processes. Each costs as much as a question, so they share what they write in.
template <class T>
struct row_batches {
  static constexpr tree_view tree = view_of<T>;
  static constexpr std::size_t size = 8;
  static constexpr std::size_t rows = all_processes<T>.size;
  static constexpr std::size_t count = rows / size + 1;

  static constexpr policy_row row_of(std::size_t number, reach exposed) {
    const node_index process = shown_nodes<T>[number];
    policy_row out;
    out.process = process;
    out.budget = budget_of(tree, process);
    if (number != 0) out.before = shown_nodes<T>[number - 1];
    expose(outages_of<T>.data(), callers_of<T>, process, exposed);
    for (std::size_t i = 0; i != exposed.size; ++i) {
      if (all_processes<T>.in[exposed.list[i]]) out.exposed.add(exposed.list[i]);
    }
    for (node_index s = tree[process].parent; s != no_node; s = tree[s].parent) {
      for (std::uint32_t r = repairs_index_of<T>.first[s]; r != repairs_index_of<T>.first[s + 1]; ++r) {
        const node_index other = repairs_index_of<T>.list[r];
        outage const& o = outages_of<T>[other];
        if (o.ends(process) && o.brings_back(tree, process)) out.restarted_by.add(other);
      }
    }
    return out;
  }

  template <std::size_t Batch>
  static constexpr auto batch = [] {
    constexpr std::size_t begin = Batch * size;
    constexpr std::size_t end = begin + size < rows ? begin + size : rows;
    std::array<policy_row, end - begin + 1> out{};
    node_index mark[tree.size] = {};
    node_index list[tree.size] = {};
    for (std::size_t i = begin; i != end; ++i) {
      out[i - begin] = row_of(i, {mark, list, static_cast<node_index>(i + 1)});
    }
    return out;
  }();
};
template <class T>
inline constexpr auto const& rows_of = joined<row_batches<T>>;
template <class T>
inline constexpr std::size_t row_count = rows_of<T>.size() - 1;

using column_widths = std::array<std::size_t, columns>;

/// How wide the cells of some rows are.
constexpr column_widths measure_rows(tree_view tree, policy_row const* row, policy_row const* last) {
  column_widths out{};
  for (; row != last; ++row) {
    for (std::size_t c = 0; c != columns; ++c) {
      text_writer count;
      write_cell(count, tree, *row, c);
      out[c] = count.size() > out[c] ? count.size() : out[c];
    }
  }
  return out;
}
template <class T, std::size_t Batch>
inline constexpr column_widths widths_in = [] {
  constexpr std::size_t begin = Batch * 64;
  constexpr std::size_t end = begin + 64 < row_count<T> ? begin + 64 : row_count<T>;
  return measure_rows(view_of<T>, rows_of<T>.data() + begin, rows_of<T>.data() + end);
}();

template <class T, std::size_t... Batch>
constexpr column_widths widest(std::index_sequence<Batch...>) {
  column_widths out{};
  for (std::size_t c = 0; c != columns; ++c) out[c] = column_heads[c].size();
  for (column_widths const* some : {&widths_in<T, Batch>...}) {
    for (std::size_t c = 0; c != columns; ++c) out[c] = (*some)[c] > out[c] ? (*some)[c] : out[c];
  }
  for (std::size_t& width : out) width += 2;
  return out;
}
/// How wide the columns are, two spaces between them included.
template <class T>
inline constexpr column_widths widths_of = widest<T>(std::make_index_sequence<row_count<T> / 64 + 1>{});

/// Writes one line of cells, each by `write(out, column)`.
template <class Write>
constexpr void write_line(text_writer& out, column_widths const& widths, Write write) {
  for (std::size_t c = 0; c != columns; ++c) {
    const std::size_t begin = out.size();
    write(out, c);
    if (c + 1 != columns) out.add_spaces(widths[c] - (out.size() - begin));
  }
  out.add('\n');
}

template <class T>
struct explain_batches {
  static constexpr std::size_t size = 32;
  static constexpr std::size_t count = row_count<T> / size + 1;

  static constexpr void write(text_writer& out, std::size_t batch) {
    if (batch == 0) {
      write_line(out, widths_of<T>, [](text_writer& to, std::size_t c) { to.add(column_heads[c]); });
    }
    for (std::size_t row = batch * size; row != row_count<T> && row != (batch + 1) * size; ++row) {
      write_line(out, widths_of<T>,
                 [row](text_writer& to, std::size_t c) { write_cell(to, view_of<T>, rows_of<T>[row], c); });
    }
  }

  template <std::size_t Batch>
  static constexpr auto batch = [] {
    constexpr std::size_t length = [] {
      text_writer counted;
      write(counted, Batch);
      return counted.size();
    }();
    std::array<char, length + 1> text{};
    text_writer out(text.data());
    write(out, Batch);
    return text;
  }();
};

}  // namespace detail

/// The policy of the tree `T` as a table with a row for each process, in start order: which process starts
/// before it, whose crash restarts it, who may end because it crashes (`es::exposed`), how many crashes at
/// one instant the tree survives (`es::crash_budget`), and how long it may take to stop. Of long lists it
/// shows the first names.
template <class T>
inline constexpr std::string_view explain{detail::joined<detail::explain_batches<T>>.data(),
                                          detail::joined<detail::explain_batches<T>>.size() - 1};

}  // namespace espalier
