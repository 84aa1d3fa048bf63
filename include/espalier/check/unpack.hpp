// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <boost/hana/unpack.hpp>
#include <espalier/check/record.hpp>
#include <espalier/check/suspicions.hpp>
#include <espalier/tree.hpp>
#include <type_traits>

// Hana at the door: a tree is unpacked once into records. What is instantiated per node is one small
// function; all else is a loop. There is no fold over children (Clang limits those to 256).
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

template <class P, class List>
struct name_list {
  static constexpr id_list list = ids_of<>;
  static constexpr bool is_list = false;
};
template <class P, class... Names>
struct name_list<P, processes<Names...>> {
  static constexpr id_list list = ids_of<Names...>;
  static constexpr bool is_list = true;
};

template <class P>
struct calls_of : name_list<P, processes<>> {};
template <class P>
requires requires { typename P::calls; }
struct calls_of<P> : name_list<P, typename P::calls> {};

template <class P>
struct casts_of : name_list<P, processes<>> {};
template <class P>
requires requires { typename P::casts; }
struct casts_of<P> : name_list<P, typename P::casts> {};

template <class P>
struct starts_of : name_list<P, processes<>> {};
template <class P>
requires requires { typename P::starts; }
struct starts_of<P> : name_list<P, typename P::starts> {};

template <class P>
struct restarts_with_of : name_list<P, processes<>> {};
template <class P>
requires requires { typename P::restarts_with; }
struct restarts_with_of<P> : name_list<P, typename P::restarts_with> {};

template <class List>
inline constexpr bool is_environment = false;
template <class... C>
inline constexpr bool is_environment<environment<C...>> = true;

template <class P>
constexpr bool needs_a_list() {
  if constexpr (requires { typename P::needs; }) {
    return is_environment<typename P::needs>;
  } else {
    return true;
  }
}

/// The edges of a process. Those that it sends along (`addressed`) come first.
template <class P>
struct edges_of {
  static constexpr std::size_t addressed =
      calls_of<P>::list.size + casts_of<P>::list.size + starts_of<P>::list.size;
  static constexpr std::size_t size = addressed + restarts_with_of<P>::list.size;

  static constexpr std::array<edge, size + 1> list = [] {
    std::array<edge, size + 1> out{};
    std::size_t n = 0;
    auto add = [&](edge_kind kind, id_list names) {
      for (std::size_t i = 0; i != names.size; ++i) out[n++] = {kind, names.first[i]};
    };
    add(edge_kind::calls, calls_of<P>::list);
    add(edge_kind::casts, casts_of<P>::list);
    add(edge_kind::starts, starts_of<P>::list);
    add(edge_kind::restarts_with, restarts_with_of<P>::list);
    return out;
  }();
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

struct unpacking {
  record* records = nullptr;  // null while only counting
  node_index size = 0;
  option_mistakes* mistakes = nullptr;
};

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
constexpr option_fault apply_to_child(record& r, seen& before) {
  if constexpr (!option_type<Option>) {
    return option_fault::unknown;
  } else {
    if (before.again(Option::espalier_option)) return option_fault::given_twice;
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

// --- nodes

using unpack_part = void (*)(unpacking&, node_index parent, std::uint32_t at, seen&);
struct unpack_option {
  option_fault (*apply)(record&, seen&);
  type_id option;
};

inline constexpr auto child_options = [](auto... option) {
  return std::array<unpack_option, sizeof...(option) + 1>{
      unpack_option{&apply_to_child<typename decltype(option)::type>,
                    id_of<typename decltype(option)::type>}...,
      unpack_option{}};
};

template <class Part>
constexpr void unpack_node(unpacking& out, node_index parent, std::uint32_t at, seen& before);

inline constexpr auto supervisor_parts = [](auto... part) {
  return std::array<unpack_part, sizeof...(part) + 1>{&unpack_node<typename decltype(part)::type>...,
                                                      nullptr};
};

template <class P>
constexpr void describe_process(record& r) {
  if constexpr (is_process<P>()) {
    r.wrong_lists =
        static_cast<unsigned char>((calls_of<P>::is_list ? 0 : 1) | (casts_of<P>::is_list ? 0 : 2) |
                                   (restarts_with_of<P>::is_list ? 0 : 4) | (needs_a_list<P>() ? 0 : 8) |
                                   (starts_of<P>::is_list ? 0 : 16));
    r.edges = edges_of<P>::list.data();
    r.edge_count = static_cast<std::uint32_t>(edges_of<P>::size);
  }
}

/// How many records the one child of a partitioned supervisor becomes. A number that is refused is not
/// believed.
template <class T>
constexpr long long copies_of_child() {
  if constexpr (partitioned_type<T>) {
    if (is_valid_partition_count(T::espalier_partitions)) return T::espalier_partitions;
  }
  return 1;
}

template <class Part>
constexpr void unpack_node(unpacking& out, node_index parent, std::uint32_t at, seen& before) {
  if constexpr (option_type<Part>) {
    if (out.records == nullptr) return;
    const bool again = before.again(Part::espalier_option);
    out.mistakes->add(parent,
                      again ? option_fault::given_twice : apply_to_supervisor<Part>(out.records[parent]),
                      true, at, id_of<Part>);
  } else {
    using name = typename child_parts<Part>::name;
    const node_index me = out.size++;
    if (out.records != nullptr) {
      record& r = out.records[me];
      r.name = id_of<name>;
      r.parent = parent;
      if (parent != no_node) r.pattern = out.records[parent].dynamic ? me : out.records[parent].pattern;
      r.supervisor = supervisor_type<name>;
      r.dynamic = dynamic_type<name>;
      r.partitioned = partitioned_type<name>;
      if constexpr (partitioned_type<name>) r.partitions = name::espalier_partitions;
      r.named = has_own_name<name>;
      r.is_process = supervisor_type<name> || is_process<name>();
      if (r.supervisor) r.shutdown = infinity;
      if (parent != no_node) r.number = out.records[parent].children++;
      constexpr auto options = boost::hana::unpack(typename child_parts<Part>::options{}, child_options);
      seen kinds;
      const bool is_repeated = r.number != 0 && out.records[parent].partitioned;
      for (std::uint32_t i = 0; i + 1 != options.size(); ++i) {
        const option_fault wrong = options[i].apply(r, kinds);
        if (!is_repeated) out.mistakes->add(me, wrong, false, i, options[i].option);
      }
      if constexpr (!supervisor_type<name>) {
        describe_process<process_of<name>>(r);
        r.skips_terminate = skips_terminate<name, typename child_parts<Part>::options>;
      }
    }
    if constexpr (supervisor_type<name>) {
      constexpr auto parts = boost::hana::unpack(typename name::espalier_parts{}, supervisor_parts);
      seen kinds;
      for (std::uint32_t i = 0; i + 1 != parts.size(); ++i) {
        const node_index before_part = out.size;
        parts[i](out, me, i, kinds);
        if (i != 0 || out.size == before_part) continue;  // only the first part, if it is a child
        for (long long copy = 1; copy < copies_of_child<name>(); ++copy) parts[i](out, me, i, kinds);
      }
    }
    if (out.records != nullptr) out.records[me].end = out.size;
  }
}

template <class T>
constexpr node_index count_nodes() {
  unpacking out;
  seen none;
  unpack_node<T>(out, no_node, 0, none);
  return out.size;
}

template <std::size_t N>
struct unpacked {
  std::array<record, N> records{};
  option_mistakes mistakes;
};

/// The tree `T`, unpacked once.
template <class T>
inline constexpr auto unpacked_tree = [] {
  unpacked<count_nodes<T>()> out;
  unpacking to{out.records.data(), 0, &out.mistakes};
  seen none;
  unpack_node<T>(to, no_node, 0, none);
  return out;
}();

template <class T>
inline constexpr auto const& records_of = unpacked_tree<T>.records;

template <class T>
inline constexpr tree_view view_of{records_of<T>.data(), static_cast<node_index>(records_of<T>.size()),
                                   unpacked_tree<T>.mistakes.list.data(), unpacked_tree<T>.mistakes.size};

}  // namespace espalier::detail
