// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/type_at.hpp>
#include <espalier/process/life.hpp>
#include <espalier/process/process_check.hpp>
#include <espalier/runtime/engine.hpp>
#include <espalier/system/with.hpp>

// The types of a tree, turned into the functions that the engine calls. Here templates end. What is here is
// instantiated for each process, so it makes no `unique_ptr` of a type that depends on it, and asks little of
// those with which nothing can be wrong.
namespace espalier::detail {

template <class P>
std::unique_ptr<runtime::incarnation> make_life(runtime::place& home, runtime::life_number which) {
  return std::unique_ptr<runtime::incarnation>(new runtime::life<P>(home, which));
}
template <class P, auto Start>
std::unique_ptr<runtime::incarnation> make_started_life(runtime::place& home, runtime::life_number which) {
  return std::unique_ptr<runtime::incarnation>(new runtime::started_life<P, Start>(home, which));
}

/// How to make a child: by its start function, if it has one.
template <class P, class Start>
struct maker {
  static constexpr runtime::life_maker value = &make_life<P>;
};
template <class P, auto Function>
struct maker<P, start<Function>> {
  static constexpr runtime::life_maker value = &make_started_life<P, Function>;
};

template <class P, auto Function>
struct maker<P, start_with_arguments<start<Function>>> {
  static std::unique_ptr<runtime::incarnation> make(runtime::place& home, runtime::life_number which) {
    return std::unique_ptr<runtime::incarnation>(
        new runtime::started_life<P, Function, typename args_of<P>::type>(home, which));
  }
  static constexpr runtime::life_maker value = &make;
};
template <class P>
struct maker<P, start_with_arguments<>> {
  static std::unique_ptr<runtime::incarnation> make(runtime::place& home, runtime::life_number which) {
    return std::unique_ptr<runtime::incarnation>(new runtime::argument_life<P>(home, which));
  }
  static constexpr runtime::life_maker value = &make;
};

/// How record `I` is built: by its option, by arguments, or by default.
template <class T, node_index I>
struct start_of_record {
  using type = typename start_option<options_at<T, I>>::type;
};
template <class T, node_index I>
requires(records_of<T>[I].pattern == I &&
         has_arguments<process_of<name_at<T, I>>>) struct start_of_record<T, I> {
  using type = start_with_arguments<typename start_option<options_at<T, I>>::type>;
};
template <class T, node_index I>
using start_at = typename start_of_record<T, I>::type;

/// What there is to say about record `I`, of a system that is given those values.
template <node_index I, class... Verdicts>
struct node_check : Verdicts... {};

/// Whether nothing can be wrong with a process type as such: most have none of what `node_check` is about.
template <class P>
concept is_plain = std::is_aggregate_v<P> && requires(P& p) {
  { p.~P() }
  noexcept;
} && !requires {
  typename P::needs;
}
&&!runtime::has_init<P> && !has_terminate<P>;

template <class T, node_index I, bool Supervisor, class... Given>
struct node_check_of {
  using process = process_of<name_at<T, I>>;
  using type =
      node_check<I, destructor_verdict<process>, building_verdict<process, start_at<T, I>>,
                 init_verdict<process>, terminate_verdict<process>, needs_verdict<process, Given...>>;
};
template <class T, node_index I, class... Given>
requires(is_plain<process_of<name_at<T, I>>>&&
             std::is_same_v<start_at<T, I>, no_start_function>) struct node_check_of<T, I, false, Given...> {
  using type = node_check<I>;
};
template <class T, node_index I, class... Given>
struct node_check_of<T, I, true, Given...> {
  using type = node_check<I>;
};

template <class T, class Sequence, class... Given>
struct wiring_checks;
template <class T, std::size_t... I, class... Given>
struct wiring_checks<T, std::index_sequence<I...>, Given...>
    : node_check_of<T, I, records_of<T>[I].supervisor, Given...>::type... {};

/// What is wrong with the processes of a valid tree, said once each.
template <class T, class... Given>
using wiring_check = wiring_checks<T, std::make_index_sequence<records_of<T>.size()>, Given...>;

/// What the engine needs of one record, before there are values.
template <class Given>
struct process_wiring {
  runtime::life_maker make = nullptr;
  runtime::own_code code = {};
  std::vector<void const*> (*environment)(Given const&) = nullptr;  // null: it needs none

  runtime::process_type with(Given const& values) const {
    return {make, environment == nullptr ? std::vector<void const*>{} : environment(values), code};
  }
};

template <class Given, class P, class Start>
constexpr process_wiring<Given> wire_process() {
  process_wiring<Given> out;
  if constexpr (requires(P & p) {
                  { p.~P() }
                  noexcept;
                }) {  // otherwise said by node_check
    out.make = maker<P, Start>::value;
    out.code = {.builds = !std::is_same_v<Start, no_start_function> || !runtime::is_built_at_once<P>,
                .inits = runtime::has_init<P>,
                .ends = !runtime::is_ended_at_once<P>};
    if constexpr (requires { typename P::needs; }) {
      out.environment = &environment_values<P, typename P::needs>::template from<Given>;
    }
  }
  return out;
}

/// What the engine needs of record `I`.
template <class T, node_index I, class Given>
inline constexpr process_wiring<Given> wiring_at = [] {
  if constexpr (records_of<T>[I].supervisor) {
    return process_wiring<Given>{};
  } else {
    return wire_process<Given, process_of<name_at<T, I>>, start_at<T, I>>();
  }
}();
template <class T, node_index I, class Given>
runtime::process_type process_type_at(Given const& values) {
  return wiring_at<T, I, Given>.with(values);
}

template <class T, class Given, std::size_t... I>
std::vector<runtime::process_type> process_types(Given const& values, std::index_sequence<I...>) {
  static constexpr process_wiring<Given> all[] = {wiring_at<T, I, Given>...};  // a loop: Clang limits folds
  std::vector<runtime::process_type> out;
  out.reserve(sizeof...(I));
  for (process_wiring<Given> const& each : all) out.push_back(each.with(values));
  return out;
}

/// The process types of a tree, in the order of its records.
template <class T, class... C>
std::vector<runtime::process_type> process_types(std::tuple<C...> const& values) {
  return process_types<T>(values, std::make_index_sequence<records_of<T>.size()>{});
}

}  // namespace espalier::detail
