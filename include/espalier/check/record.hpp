// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/tree/policies.hpp>
#include <espalier/tree/type_name.hpp>

// A tree as plain data. Every rule, question and diagram, the wiring and the running engine read these
// records; they never look at the types again.
namespace espalier {

using node_index = std::uint32_t;
inline constexpr node_index no_node = UINT32_MAX;

enum class edge_kind : unsigned char { calls, casts, starts, restarts_with };

/// One name in a process's `calls`, `casts`, `starts` or `restarts_with`.
struct edge {
  edge_kind kind{};
  type_id name = {};
};

/// What is wrong with one option in a list.
enum class option_fault : unsigned char { none, unknown, does_not_fit, given_twice };

constexpr bool is_valid_partition_count(long long n) { return n >= 1 && n <= 4096; }

/// One supervisor or process of a tree. Records stand in start order, parents before their children, so a
/// subtree is the range from a record to its `end`.
struct record {
  static constexpr long long no_bound = INT64_MAX;

  type_id name = {};  // what the tree calls it
  node_index parent = no_node;
  node_index end = 0;
  node_index pattern = no_node;  // the child of the innermost dynamic supervisor around it, or itself
  std::uint32_t number = 0;      // of the child among its siblings, from 0
  bool supervisor = false;
  bool dynamic = false;      // a supervisor whose one child record is only a pattern
  bool partitioned = false;  // a supervisor whose children are copies of one, reached by its name and a key
  bool named = true;         // false: a supervisor that was not derived from, shown by its path
  bool is_process = true;    // or a supervisor

  // As a supervisor.
  strategy_kind strategy = strategy_kind::one_for_one;
  auto_shutdown_kind auto_shutdown = auto_shutdown_kind::never;
  long long max_restarts = 1;
  duration period{5'000'000'000};
  std::uint32_t children = 0;
  long long max_children = no_bound;  // of a dynamic one
  long long partitions = 0;           // of a partitioned one, as declared

  // As a child.
  restart_kind restart = restart_kind::permanent;
  duration shutdown{5'000'000'000};
  bool brutal_kill = false;
  bool significant = false;
  duration start_limit = infinity;
  bool backs_off = false;
  duration backoff_first{};
  duration backoff_max{};
  bool keep_mailbox = false;
  bool drain = false;
  long long mailbox = no_bound;
  overflow when_full = overflow::suspend;

  // As a process: the names it declares, in the order calls, casts, starts, restarts_with.
  edge const* edges = nullptr;
  std::uint32_t edge_count = 0;
  unsigned char wrong_lists = 0;  // a bit each for calls, casts, restarts_with and needs that are no lists
  bool skips_terminate = false;   // a `brutal_kill` child with something to do at its end

  unsigned char allowed = 0;  // a bit for each `suspicion`
};

/// One wrong option: where it stands among the parts of a supervisor or the options of a child.
struct option_mistake {
  node_index node = no_node;
  option_fault what = option_fault::none;
  bool in_parts = false;
  std::uint32_t at = 0;
  type_id option = {};
};

/// Records and their number, and the options that did not become part of them: what a function over a tree
/// takes.
struct tree_view {
  record const* records = nullptr;
  node_index size = 0;
  option_mistake const* mistakes = nullptr;
  std::uint32_t mistake_count = 0;

  constexpr record const& operator[](node_index i) const { return records[i]; }
  /// Whether a record belongs to what a dynamic supervisor makes its children by, and is nothing itself.
  constexpr bool is_pattern(node_index i) const { return records[i].pattern != no_node; }
  constexpr bool is_partition(node_index i) const {
    return records[i].parent != no_node && records[records[i].parent].partitioned;
  }
  /// Whether a record repeats the one before it. Names lead to the first partition, which stands for all.
  constexpr bool is_repeated(node_index i) const { return is_partition(i) && records[i].number != 0; }
};

}  // namespace espalier
