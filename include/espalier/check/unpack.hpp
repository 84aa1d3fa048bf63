// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/check/record.hpp>
#include <espalier/check/suspicions.hpp>
#include <espalier/tree.hpp>
#include <type_traits>

// Hana at the door: each of its lists in the tree is matched once, into constants that point to each other,
// and one walk over those makes the records. What is instantiated for each node is one such constant; all
// else are loops. There is no fold over children (Clang limits those to 256).
namespace espalier::detail {

template <class T>
concept option_type = requires {
  T::espalier_option;
};

template <class T>
inline constexpr bool is_child = false;
template <class P, class... Options>
inline constexpr bool is_child<child<P, Options...>> = true;

/// A part of a supervisor's list, as a child with its options: a bare type is a child without options.
template <class Part>
struct child_parts {
  using name = Part;
  using options = type_list<>;
};
template <class P, class... Options>
struct child_parts<child<P, Options...>> {
  using name = P;
  using options = type_list<Options...>;
};

// --- the names that a process declares

/// One list that a process declares.
struct declared_names {
  id_list names = ids_of<>;
  bool is_list = true;
};
template <class List>
inline constexpr declared_names names_in{ids_of<>, false};
template <class... Names>
inline constexpr declared_names names_in<processes<Names...>>{{ids<Names...>, sizeof...(Names)}, true};

template <class List>
inline constexpr bool is_environment = false;
template <class... C>
inline constexpr bool is_environment<environment<C...>> = true;

/// All that a process declares.
struct declarations {
  declared_names calls;
  declared_names casts;
  declared_names starts;
  declared_names restarts_with;
  bool needs_a_list = true;

  constexpr std::size_t addressed() const { return calls.names.size + casts.names.size + starts.names.size; }
  /// A bit for each list that is none.
  constexpr unsigned char wrong_lists() const {
    return static_cast<unsigned char>((calls.is_list ? 0 : 1) | (casts.is_list ? 0 : 2) |
                                      (restarts_with.is_list ? 0 : 4) | (needs_a_list ? 0 : 8) |
                                      (starts.is_list ? 0 : 16));
  }
};

template <class P>
constexpr declarations declarations_of() {
  declarations out;
  if constexpr (requires { typename P::calls; }) out.calls = names_in<typename P::calls>;
  if constexpr (requires { typename P::casts; }) out.casts = names_in<typename P::casts>;
  if constexpr (requires { typename P::starts; }) out.starts = names_in<typename P::starts>;
  if constexpr (requires { typename P::restarts_with; })
    out.restarts_with = names_in<typename P::restarts_with>;
  if constexpr (requires { typename P::needs; }) out.needs_a_list = is_environment<typename P::needs>;
  return out;
}

template <std::size_t Size>
constexpr std::array<edge, Size + 1> list_edges(declarations const& d) {
  std::array<edge, Size + 1> out{};
  std::size_t n = 0;
  auto add = [&](edge_kind kind, id_list names) {
    for (std::size_t i = 0; i != names.size; ++i) out[n++] = {kind, names.first[i]};
  };
  add(edge_kind::calls, d.calls.names);
  add(edge_kind::casts, d.casts.names);
  add(edge_kind::starts, d.starts.names);
  add(edge_kind::restarts_with, d.restarts_with.names);
  return out;
}

/// The edges of a process. Those that it sends along (`addressed`) come first.
template <class P>
struct edges_of {
  static constexpr declarations declared = declarations_of<P>();
  static constexpr std::size_t addressed = declared.addressed();
  static constexpr std::size_t size = addressed + declared.restarts_with.names.size;
  static constexpr std::array<edge, size + 1> list = list_edges<size>(declared);
};

/// Whether a child's type can be a process: a complete class that is not another part of a tree.
template <class Name, class P = process_of<Name>>
constexpr bool is_process() {
  if constexpr (!std::is_class_v<P>) {
    return false;
  } else if constexpr (!requires { sizeof(P); }) {
    return false;
  } else {
    return !is_child<P> && !option_type<P> && std::is_same_v<process_of<P>, P> &&
           (std::is_same_v<Name, P> || !supervisor_type<P>);
  }
}

// --- options

/// The wrong options of a tree; of very many only the first.
struct option_mistakes {
  std::array<option_mistake, 16> list{};
  std::uint32_t size = 0;

  constexpr void add(node_index node, option_fault what, bool in_parts, std::uint32_t at, type_id option) {
    if (what != option_fault::none && size != list.size()) list[size++] = {node, what, in_parts, at, option};
  }
};

/// Takes an option from a supervisor's list into its record.
template <class Option>
constexpr option_fault apply_to_supervisor(record& r) {
  if constexpr (Option::espalier_option == option_kind::max_children) {
    if (!r.dynamic) return option_fault::does_not_fit;
    r.max_children = Option::value;
  } else if constexpr (Option::espalier_option == option_kind::strategy) {
    if (r.dynamic || r.partitioned) return option_fault::does_not_fit;
    r.strategy = Option::value;
  } else if constexpr (Option::espalier_option == option_kind::intensity) {
    r.max_restarts = Option::max_restarts;
    r.period = Option::period;
  } else if constexpr (Option::espalier_option == option_kind::auto_shutdown) {
    if (r.dynamic || r.partitioned) return option_fault::does_not_fit;
    r.auto_shutdown = Option::value;
  } else if constexpr (Option::espalier_option == option_kind::allow) {
    return allow_on<typename Option::what>(r);
  } else {
    return option_fault::does_not_fit;
  }
  return option_fault::none;
}

/// Takes an option from a child's list into its record.
template <class Option>
constexpr option_fault apply_to_child(record& r) {
  if constexpr (!option_type<Option>) {
    return option_fault::unknown;
  } else {
    if constexpr (Option::espalier_option == option_kind::restart) {
      r.restart = Option::value;
    } else if constexpr (Option::espalier_option == option_kind::shutdown) {
      if (r.supervisor && Option::brutal) return option_fault::does_not_fit;  // nobody kills a supervisor
      r.shutdown = Option::limit;
      r.brutal_kill = Option::brutal;
    } else if constexpr (Option::espalier_option == option_kind::significant) {
      r.significant = true;
    } else if constexpr (Option::espalier_option == option_kind::start) {
      if (r.supervisor) return option_fault::does_not_fit;
    } else if constexpr (Option::espalier_option == option_kind::start_limit) {
      r.start_limit = Option::limit;
    } else if constexpr (Option::espalier_option == option_kind::backoff) {
      r.backs_off = true;
      r.backoff_first = Option::first;
      r.backoff_max = Option::max;
    } else if constexpr (Option::espalier_option == option_kind::keep_mailbox) {
      if (r.supervisor) return option_fault::does_not_fit;
      r.keep_mailbox = true;
    } else if constexpr (Option::espalier_option == option_kind::drain) {
      if (r.supervisor) return option_fault::does_not_fit;
      r.drain = true;
    } else if constexpr (Option::espalier_option == option_kind::mailbox) {
      if (r.supervisor) return option_fault::does_not_fit;
      r.mailbox = Option::size;
      r.when_full = Option::when_full;
    } else if constexpr (Option::espalier_option == option_kind::allow) {
      return allow_on<typename Option::what>(r);
    } else {
      return option_fault::does_not_fit;
    }
    return option_fault::none;
  }
}

/// One option, with what it does to a record.
struct option_part {
  option_kind kind{};
  bool is_known = false;
  type_id name = {};
  option_fault (*to_child)(record&) = nullptr;
  option_fault (*to_supervisor)(record&) = nullptr;
};
template <class Option>
inline constexpr option_part option_part_of{{}, false, id_of<Option>, &apply_to_child<Option>};
template <option_type Option>
inline constexpr option_part option_part_of<Option>{Option::espalier_option, true, id_of<Option>,
                                                    &apply_to_child<Option>, &apply_to_supervisor<Option>};

// --- parts: the types as constants that point to each other

/// A part of a supervisor's list: an option, or a child with its options.
struct part {
  option_part const* option = nullptr;  // only of an option
  bool is_option = false;

  type_id name = {};
  bool supervisor = false;
  bool dynamic = false;
  bool partitioned = false;
  bool named = true;
  bool is_process = true;
  bool skips_terminate = false;
  unsigned char wrong_lists = 0;
  long long partitions = 0;
  edge const* edges = nullptr;
  std::size_t edge_count = 0;
  option_part const* const* options = nullptr;
  std::size_t option_count = 0;
  part const* const* parts = nullptr;  // of a supervisor
  std::size_t part_count = 0;
};

template <class Name, class Options>
constexpr part child_part();

template <class Part>
inline constexpr part part_of = child_part<Part, type_list<>>();
template <class P, class... Options>
inline constexpr part part_of<child<P, Options...>> = child_part<P, type_list<Options...>>();
template <option_type Option>
inline constexpr part part_of<Option>{&option_part_of<Option>, true};

template <class Options>
inline constexpr std::array<option_part const*, 1> options_in{};
template <class... Options>
inline constexpr std::array<option_part const*, sizeof...(Options) + 1> options_in<type_list<Options...>>{
    &option_part_of<Options>..., nullptr};
template <class Parts>
inline constexpr std::array<part const*, 1> parts_in{};
template <class... Parts>
inline constexpr std::array<part const*, sizeof...(Parts) + 1> parts_in<type_list<Parts...>>{
    &part_of<Parts>..., nullptr};

template <class P>
constexpr void describe_process(part& out) {
  constexpr declarations const& d = edges_of<P>::declared;
  out.wrong_lists = d.wrong_lists();
  out.edges = edges_of<P>::list.data();
  out.edge_count = edges_of<P>::size;
}

template <class Name, class Options>
constexpr part child_part() {
  part out;
  out.name = id_of<Name>;
  if constexpr (supervisor_type<Name>) {
    out.supervisor = true;
    out.dynamic = dynamic_type<Name>;
    out.named = has_own_name<Name>;
    if constexpr (partitioned_type<Name>) {
      out.partitioned = true;
      out.partitions = Name::espalier_partitions;
    }
    out.parts = parts_in<typename Name::espalier_parts>.data();
    out.part_count = parts_in<typename Name::espalier_parts>.size() - 1;
  } else if constexpr (is_process<Name>()) {
    describe_process<process_of<Name>>(out);
  } else {
    out.is_process = false;
  }
  if constexpr (!std::is_same_v<Options, type_list<>>) {
    out.options = options_in<Options>.data();
    out.option_count = options_in<Options>.size() - 1;
    if constexpr (!supervisor_type<Name>) out.skips_terminate = skips_terminate<Name, Options>;
  }
  return out;
}

// --- records: one walk over those constants

/// The options seen so far in one list, to find what stands there twice.
struct seen {
  unsigned kinds = 0;

  constexpr bool again(option_kind kind) {
    if (kind == option_kind::allow) return false;
    const unsigned bit = 1U << static_cast<unsigned>(kind);
    const bool twice = (kinds & bit) != 0;
    kinds |= bit;
    return twice;
  }
};

/// How many times a part of a supervisor's list becomes records: the child of a partitioned supervisor, if it
/// comes first, once for each partition. A number that is refused is not believed.
constexpr long long copies_of(part const& supervisor, std::size_t at) {
  return supervisor.partitioned && at == 0 && is_valid_partition_count(supervisor.partitions)
             ? supervisor.partitions
             : 1;
}

constexpr node_index count_records(part const& child) {
  node_index n = 1;
  for (std::size_t i = 0; i != child.part_count; ++i) {
    part const& p = *child.parts[i];
    if (p.is_option) continue;
    const node_index below = p.supervisor ? count_records(p) : 1;
    n += below * static_cast<node_index>(copies_of(child, i));
  }
  return n;
}

struct unpacking {
  record* records = nullptr;
  node_index size = 0;
  option_mistakes* mistakes = nullptr;
};

constexpr void unpack_options(unpacking& out, part const& child, node_index me, bool is_repeated) {
  seen before;
  for (std::uint32_t i = 0; i != child.option_count; ++i) {
    option_part const& o = *child.options[i];
    const option_fault wrong =
        o.is_known && before.again(o.kind) ? option_fault::given_twice : o.to_child(out.records[me]);
    if (!is_repeated) out.mistakes->add(me, wrong, false, i, o.name);
  }
}

constexpr void unpack_child(unpacking& out, part const& child, node_index parent) {
  const node_index me = out.size++;
  record& r = out.records[me];
  r.name = child.name;
  r.parent = parent;
  bool is_repeated = false;
  if (parent != no_node) {
    record& above = out.records[parent];
    r.pattern = above.dynamic ? me : above.pattern;
    r.number = above.children++;
    is_repeated = r.number != 0 && above.partitioned;
  }
  if (child.supervisor) {
    r.supervisor = true;
    r.dynamic = child.dynamic;
    r.partitioned = child.partitioned;
    r.partitions = child.partitions;
    r.named = child.named;
    r.shutdown = infinity;
  } else {
    r.is_process = child.is_process;
    r.wrong_lists = child.wrong_lists;
    r.edges = child.edges;
    r.edge_count = static_cast<std::uint32_t>(child.edge_count);
    r.skips_terminate = child.skips_terminate;
  }
  if (child.option_count != 0) unpack_options(out, child, me, is_repeated);
  seen before;
  for (std::uint32_t i = 0; i != child.part_count; ++i) {
    part const& p = *child.parts[i];
    if (p.is_option) {
      const option_fault wrong =
          before.again(p.option->kind) ? option_fault::given_twice : p.option->to_supervisor(r);
      out.mistakes->add(me, wrong, true, i, p.option->name);
    } else {
      for (long long copy = copies_of(child, i); copy != 0; --copy) unpack_child(out, p, me);
    }
  }
  r.end = out.size;
}

template <std::size_t N>
struct unpacked {
  std::array<record, N> records{};
  option_mistakes mistakes;
};

/// The tree `T`, unpacked once.
template <class T>
inline constexpr auto unpacked_tree = [] {
  unpacked<count_records(part_of<T>)> out;
  unpacking to{out.records.data(), 0, &out.mistakes};
  unpack_child(to, part_of<T>, no_node);
  return out;
}();

template <class T>
inline constexpr auto const& records_of = unpacked_tree<T>.records;

template <class T>
inline constexpr tree_view view_of{records_of<T>.data(), static_cast<node_index>(records_of<T>.size()),
                                   unpacked_tree<T>.mistakes.list.data(), unpacked_tree<T>.mistakes.size};

}  // namespace espalier::detail
