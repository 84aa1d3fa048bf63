// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/findings.hpp>
#include <espalier/check/type_at.hpp>
#include <espalier/check/words.hpp>

// What the rules found, in words made of types. A sentence is a `static_assert` on `ill_formed<who, what,
// where>`, which every compiler prints whole. The text says what is wrong and what to do about it.
namespace espalier {

namespace detail {

template <mistake What, class Subject, class Object, class... Where>
struct sentence;

template <class S>
struct sentence<mistake::not_a_supervisor, S, void> {
  static_assert(ill_formed<S, is_not_a_supervisor>,
                "espalier: the root of a tree is not a supervisor; "
                "derive it from es::supervisor<...>");
};
template <class S, class... W>
struct sentence<mistake::not_a_process, S, void, W...> {
  static_assert(
      ill_formed<S, is_not_a_process, W...>,
      "espalier: a child is not a process; write a complete class, a name for one, or a supervisor");
};
template <class S, class O, class... W>
struct sentence<mistake::not_a_list, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_no_list, W...>,
                "espalier: what a process declares is not a list; write es::processes<...> for names, and "
                "es::environment<...> for needs");
};
template <class S, class O, class... W>
struct sentence<mistake::unknown_option, S, O, W...> {
  static_assert(ill_formed<S, unknown_option<O>, W...>,
                "espalier: an option is not known; "
                "the options of children and supervisors are listed in espalier/tree/policies.hpp");
};
template <class S, class O, class... W>
struct sentence<mistake::option_does_not_fit, S, O, W...> {
  static_assert(
      ill_formed<S, option_does_not_fit<O>, W...>,
      "espalier: an option does not fit where it stands; strategy, intensity and auto_shutdown belong to "
      "a supervisor's list, the others to a child, and those about its code and its mailbox to a process");
};
template <class S, class O, class... W>
struct sentence<mistake::option_given_twice, S, O, W...> {
  static_assert(ill_formed<S, option_given_twice<O>, W...>,
                "espalier: two options decide the same thing; keep one of them");
};
template <class S>
struct sentence<mistake::no_children, S, void> {
  static_assert(ill_formed<S, has_no_children>,
                "espalier: a supervisor has no children; add one, or remove the supervisor");
};
template <class S>
struct sentence<mistake::not_one_process, S, void> {
  static_assert(
      ill_formed<S, has_not_one_process>,
      "espalier: a dynamic supervisor has one child, which is a process or a supervisor of processes, "
      "and a partitioned one has one process; write es::dynamic<es::child<P>, options...>");
};
template <class S, class O>
struct sentence<mistake::invalid_partitions, S, O> {
  static_assert(ill_formed<S, O>,
                "espalier: a partitioned supervisor has no sensible number of partitions; "
                "write es::partitioned<es::child<P>, N> with N from 1 to 4096");
};
template <class S, class O>
struct sentence<mistake::invalid_max_children, S, O> {
  static_assert(ill_formed<S, O>,
                "espalier: a dynamic supervisor may have no children; write es::max_children<N> with N >= 1");
};
template <class S, class O, class... W>
struct sentence<mistake::cannot_start_there, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a process starts children of a name that is no dynamic supervisor before it; "
                "name one in the tree around it that starts earlier, and is not above it");
};
template <class S, class O>
struct sentence<mistake::invalid_intensity, S, O> {
  static_assert(ill_formed<S, O>,
                "espalier: an intensity is negative; write es::intensity<N, D> with N >= 0");
};
template <class S, class O>
struct sentence<mistake::invalid_period, S, O> {
  static_assert(ill_formed<S, O>,
                "espalier: the period of an intensity is not a positive, finite time; "
                "write es::intensity<N, D> with D > 0_s");
};
template <class S, class O, class... W>
struct sentence<mistake::invalid_shutdown, S, O, W...> {
  static_assert(
      ill_formed<S, O, W...>,
      "espalier: a shutdown limit is negative; write es::shutdown<D> with D >= 0_s, or es::brutal_kill");
};
template <class S, class O, class... W>
struct sentence<mistake::invalid_start_limit, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a start limit is not a positive time; write es::start_limit<D> with D > 0_s");
};
template <class S, class O, class... W>
struct sentence<mistake::invalid_backoff, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: the waits of a backoff are not positive, finite and in order; "
                "write es::backoff<First, Max> with 0_s < First <= Max");
};
template <class S, class O, class... W>
struct sentence<mistake::invalid_mailbox, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a mailbox has no room for a message; write es::mailbox<N, ...> with N >= 1");
};
template <class S, class O, class... W>
struct sentence<mistake::backoff_without_restarts, S, O, W...> {
  static_assert(
      ill_formed<S, O, W...>,
      "espalier: a backoff waits before a second restart, which the supervisor's intensity does not "
      "allow; give the supervisor es::intensity<N, D> with N >= 2");
};
template <class S, class O, class... W>
struct sentence<mistake::shutdown_below_bound, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a supervisor is given less time to stop than its processes may take; "
                "remove its es::shutdown, or raise it to that bound");
};
template <class S, class O>
struct sentence<mistake::nothing_significant, S, O> {
  static_assert(ill_formed<S, O, has_nothing_significant>,
                "espalier: a supervisor shuts down when significant children have ended, and has none; "
                "add es::significant to a transient or temporary child, or remove the option");
};
template <class S, class O, class... W>
struct sentence<mistake::auto_shutdown_permanent, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a supervisor that shuts down by itself is permanent, so it would start again for "
                "ever; make it es::transient or es::temporary");
};
template <class S, class O, class... W>
struct sentence<mistake::temporary_lost_to_sibling, S, O, W...> {
  static_assert(ill_formed<S, temporary_lost_to_sibling, O, W...>,
                "espalier: the restart of a sibling ends a temporary child for good; put the child under a "
                "supervisor of its own, or add es::allow<es::temporary_lost_to_sibling> to it");
};
template <class S, class... W>
struct sentence<mistake::transient_supervisor, S, void, W...> {
  static_assert(ill_formed<S, transient_supervisor, W...>,
                "espalier: a transient supervisor is never restarted, because giving up is a clean end; "
                "make it es::permanent, or add es::allow<es::transient_supervisor> to it");
};
template <class S, class O>
struct sentence<mistake::strategy_without_effect, S, O> {
  static_assert(ill_formed<S, O, strategy_without_effect>,
                "espalier: a strategy has no effect, because the supervisor has a single child; "
                "remove it, or add es::allow<es::strategy_without_effect> to the supervisor");
};
template <class S, class... W>
struct sentence<mistake::terminate_skipped_on_stop, S, void, W...> {
  static_assert(
      ill_formed<S, terminate_skipped_on_stop, W...>,
      "espalier: a brutal_kill child has a terminate, which no stop runs, only a throw or self.stop; "
      "give it es::shutdown<D>, or es::allow<es::terminate_skipped_on_stop>");
};
template <class S, class O, class... W>
struct sentence<mistake::duplicate_child_name, S, O, W...> {
  static_assert(ill_formed<duplicate_child_name<S>, W...>,
                "espalier: two children of one supervisor have the same name; "
                "give one a name of its own: struct second : es::name_for<P> {}");
};
template <class S, class... W>
struct sentence<mistake::significant_permanent, S, void, W...> {
  static_assert(ill_formed<S, bad_combination<significant, permanent>, W...>,
                "espalier: a significant child is permanent, so its end never counts; "
                "make it es::transient or es::temporary");
};
template <class S, class... W>
struct sentence<mistake::significant_never, S, void, W...> {
  static_assert(ill_formed<S, bad_combination<significant, auto_shutdown_never>, W...>,
                "espalier: a child is significant, but its supervisor never shuts down by itself; "
                "add es::auto_shutdown_any or es::auto_shutdown_all to the supervisor");
};
template <class S, class O, class... W>
struct sentence<mistake::not_in_scope, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_not_in_scope, W...>,
                "espalier: a process names another one that is not in the tree around it; "
                "add that process to the tree, or remove the name");
};
template <class S, class O, class... W>
struct sentence<mistake::ambiguous, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_ambiguous, W...>,
                "espalier: a process names another one that stands in the nearest subtree more than once; "
                "tell them apart: struct second : es::name_for<P> {}");
};
template <class S, class O, class... W>
struct sentence<mistake::calls_itself, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_itself, W...>,
                "espalier: a process calls itself, and would wait for itself; use a member function");
};
template <class S, class O, class... W>
struct sentence<mistake::starts_later, S, O, W...> {
  static_assert(ill_formed<S, O, which_starts_later, W...>,
                "espalier: a process calls another one that starts after it; "
                "move the callee up in the tree, or only cast to it (using casts = ...)");
};
template <class S, class O, class... W>
struct sentence<mistake::not_restarted_with, S, O, W...> {
  static_assert(ill_formed<S, O, W...>,
                "espalier: a process that must restart with another one is not restarted by its crash; "
                "put them under es::rest_for_one or es::one_for_all, the other one first");
};
template <class S, class O, class... W>
struct sentence<mistake::restarts_with_temporary, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_temporary, W...>,
                "espalier: a process must restart with another one that is temporary and never restarts; "
                "make that one es::permanent or es::transient");
};

template <class S, class O, class... W>
struct sentence<mistake::starts_an_ancestor, S, O, W...> {
  static_assert(ill_formed<S, O, which_is_above_it, W...>,
                "espalier: a process starts children of a supervisor above it, which waits for that process "
                "on a stop; start them from a process beside that supervisor");
};
template <class S, class Size, class Edge, class... W>
struct sentence<mistake::suspends_on_a_cycle, S, bad_combination<Size, Edge>, W...> {
  static_assert(ill_formed<S, Size, Edge, which_leads_back, W...>,
                "espalier: a mailbox that suspends its senders stands on a cycle of calls and casts, which "
                "may wait for itself; give it another es::overflow, or remove a name from the cycle");
};

// --- from a finding to its sentence

/// The word for an edge of record `I`.
template <edge_kind Kind, class Name>
struct edge_word {
  using type = calls<Name>;
};
template <class Name>
struct edge_word<edge_kind::casts, Name> {
  using type = casts<Name>;
};
template <class Name>
struct edge_word<edge_kind::restarts_with, Name> {
  using type = must_restart_with<Name>;
};

template <class Name>
struct edge_word<edge_kind::starts, Name> {
  using type = starts_children_of<Name>;
};

template <class List>
struct as_list;
template <class... Names>
struct as_list<processes<Names...>> {
  using type = type_list<Names...>;
};

template <class P, edge_kind Kind>
struct declared {
  using type = typename P::calls;
};
template <class P>
struct declared<P, edge_kind::casts> {
  using type = typename P::casts;
};
template <class P>
struct declared<P, edge_kind::restarts_with> {
  using type = typename P::restarts_with;
};

template <class P>
struct declared<P, edge_kind::starts> {
  using type = typename P::starts;
};

template <class T, node_index I, std::uint32_t At>
struct edge_at {
  using process = process_of<name_at<T, I>>;
  static constexpr edge_kind kind = edges_of<process>::list[At].kind;
  static constexpr std::uint32_t position = [] {
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i != At; ++i) n += edges_of<process>::list[i].kind == kind ? 1 : 0;
    return n;
  }();
  using names = typename as_list<typename declared<process, kind>::type>::type;
  using type = typename edge_word<kind, type_at<names, position>>::type;
};

template <auto_shutdown_kind Kind>
using auto_shutdown_option =
    std::conditional_t<Kind == auto_shutdown_kind::any_significant, auto_shutdown_any, auto_shutdown_all>;

/// Finding `I` of the tree `T`, lifted to types. (GCC 12 crashes if the finding itself is the template
/// argument.)
template <class T, std::size_t I>
struct lifted {
  static constexpr finding f = findings_of<T>.list[I];
  static constexpr record const& r = records_of<T>[f.subject];
  using subject = name_at<T, f.subject>;

  static constexpr auto object() {
    if constexpr (f.what == mistake::unknown_option || f.what == mistake::option_does_not_fit ||
                  f.what == mistake::option_given_twice) {
      if constexpr (f.in_parts) {
        return boost::hana::type_c<type_at<typename subject::espalier_parts, f.at>>;
      } else {
        return boost::hana::type_c<type_at<options_at<T, f.subject>, f.at>>;
      }
    } else if constexpr (f.what == mistake::invalid_intensity) {
      return boost::hana::type_c<invalid_intensity<r.max_restarts>>;
    } else if constexpr (f.what == mistake::invalid_period) {
      return boost::hana::type_c<invalid_period<r.period>>;
    } else if constexpr (f.what == mistake::invalid_shutdown) {
      return boost::hana::type_c<invalid_shutdown<r.shutdown>>;
    } else if constexpr (f.what == mistake::invalid_start_limit) {
      return boost::hana::type_c<invalid_start_limit<r.start_limit>>;
    } else if constexpr (f.what == mistake::invalid_backoff) {
      return boost::hana::type_c<invalid_backoff<r.backoff_first, r.backoff_max>>;
    } else if constexpr (f.what == mistake::invalid_mailbox) {
      return boost::hana::type_c<invalid_mailbox<r.mailbox>>;
    } else if constexpr (f.what == mistake::backoff_without_restarts) {
      return boost::hana::type_c<bad_combination<backoff<r.backoff_first, r.backoff_max>,
                                                 intensity_of<records_of<T>[r.parent].max_restarts>>>;
    } else if constexpr (f.what == mistake::shutdown_below_bound) {
      constexpr duration bound = bound_of_stop(view_of<T>, f.subject, r.end);
      return boost::hana::type_c<bad_combination<shutdown<r.shutdown>, stops_within<bound>>>;
    } else if constexpr (f.what == mistake::nothing_significant) {
      return boost::hana::type_c<auto_shutdown_option<r.auto_shutdown>>;
    } else if constexpr (f.what == mistake::auto_shutdown_permanent) {
      return boost::hana::type_c<bad_combination<auto_shutdown_option<r.auto_shutdown>, permanent>>;
    } else if constexpr (f.what == mistake::temporary_lost_to_sibling) {
      return boost::hana::type_c<restart_of<name_at<T, f.other>>>;
    } else if constexpr (f.what == mistake::strategy_without_effect) {
      return boost::hana::type_c<
          std::conditional_t<r.strategy == strategy_kind::one_for_all, one_for_all, rest_for_one>>;
    } else if constexpr (f.what == mistake::suspends_on_a_cycle) {
      return boost::hana::type_c<
          bad_combination<suspends_senders<r.mailbox>, typename edge_at<T, f.subject, f.at>::type>>;
    } else if constexpr (f.what == mistake::invalid_partitions) {
      return boost::hana::type_c<invalid_partitions<r.partitions>>;
    } else if constexpr (f.what == mistake::invalid_max_children) {
      return boost::hana::type_c<invalid_max_children<r.max_children>>;
    } else if constexpr (f.what == mistake::not_a_list) {
      using process = process_of<subject>;
      if constexpr (f.at == 0) {
        return boost::hana::type_c<names<typename process::calls>>;
      } else if constexpr (f.at == 1) {
        return boost::hana::type_c<names<typename process::casts>>;
      } else if constexpr (f.at == 2) {
        return boost::hana::type_c<names<typename process::restarts_with>>;
      } else if constexpr (f.at == 4) {
        return boost::hana::type_c<names<typename process::starts>>;
      } else {
        return boost::hana::type_c<names<typename process::needs>>;
      }
    } else if constexpr (f.what >= mistake::not_in_scope) {
      return boost::hana::type_c<typename edge_at<T, f.subject, f.at>::type>;
    } else {
      return boost::hana::type_c<void>;
    }
  }
  template <bool WithPlace>
  static constexpr auto said() {
    using object_type = typename decltype(object())::type;
    if constexpr (WithPlace) {
      return boost::hana::type_c<sentence<f.what, subject, object_type, under<name_at<T, r.parent>>>>;
    } else {
      return boost::hana::type_c<sentence<f.what, subject, object_type>>;
    }
  }

  using type = typename decltype(said<!is_said_without_place(f)>())::type;
};

template <class T, class Sequence>
struct sentences;
template <class T, std::size_t... I>
struct sentences<T, std::index_sequence<I...>> : lifted<T, I>::type... {};

}  // namespace detail

/// Prints one sentence for each mistake of the tree `T`, where it is instantiated: `template struct
/// es::check<app>;`. `es::system` and `es::run` do so by themselves.
template <class T>
struct check : detail::sentences<T, std::make_index_sequence<detail::findings_of<T>.size>> {};

}  // namespace espalier
