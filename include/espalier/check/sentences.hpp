// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/findings.hpp>
#include <espalier/check/type_at.hpp>

// What the rules found, in words made of types. The words are bodiless templates, and a sentence is a
// `static_assert` on `ill_formed<who, what, where>`, which every compiler prints whole. The text says what is
// wrong and what to do about it.
namespace espalier {

/// Always false: the subject, what is wrong with it, and where it stands.
template <class... Sentence>
inline constexpr bool ill_formed = false;

template <class Supervisor>
struct under;

struct is_not_a_supervisor;
template <class List>
struct names;
struct which_is_no_list;
struct is_not_a_process;
struct has_no_children;
struct has_not_one_process;
template <long long N>
struct invalid_max_children;
template <class Name>
struct starts_children_of;
template <class Option>
struct unknown_option;
template <class Option>
struct option_does_not_fit;
template <class Option>
struct option_given_twice;
template <long long N>
struct invalid_intensity;
template <duration D>
struct invalid_period;
template <duration D>
struct invalid_shutdown;
template <duration D>
struct invalid_start_limit;
template <duration First, duration Max>
struct invalid_backoff;
template <long long Size>
struct invalid_mailbox;
template <long long N>
struct intensity_of;
template <class Name>
struct duplicate_child_name;
template <class... Options>
struct bad_combination;
struct auto_shutdown_never;
template <class Name>
struct calls;
template <class Name>
struct casts;
template <class Name>
struct must_restart_with;
struct which_is_not_in_scope;
struct which_is_ambiguous;
struct which_is_itself;
struct which_starts_later;
struct which_is_temporary;

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
  static_assert(ill_formed<S, has_not_one_process>,
                "espalier: a dynamic supervisor has children of one process type; "
                "write es::dynamic<es::child<P>, options...>, with a process that starts no supervisor");
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
