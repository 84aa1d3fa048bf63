// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/context.hpp>

// What can be wrong with a process type as such, or with its start function. Each sentence is a base of its
// own, so that it is said once, and from nearby: the compiler lists all that led to it.
namespace espalier {

struct has_no_constructor;
struct has_a_throwing_destructor;
template <class Result>
struct answers_from_init;
template <class Result>
struct answers_from_terminate;
template <class Result>
struct which_answers;
struct which_takes_something_else;
template <class Argument>
struct is_started_with;
struct which_is_not_copyable;

namespace detail {

/// Nothing to say. Numbered, because bases must differ.
template <int>
struct no_mistake {};

template <class P>
struct throwing_destructor {
  static_assert(
      ill_formed<P, has_a_throwing_destructor>,
      "espalier: the destructor of a process may throw, which would end the program; make it noexcept");
};

template <class P>
concept buildable = std::is_aggregate_v<P> || requires(context<P>& self) {
  P(self);
} || requires {
  P();
};

template <class P>
struct missing_constructor {
  static_assert(ill_formed<P, has_no_constructor>,
                "espalier: a process cannot be built; give it P() or P(es::context<P>&), or its child an "
                "es::start<function>");
};

template <class P>
auto result_of_init(P& p, context<P>& self) {
  if constexpr (requires { p.init(self); }) {
    return boost::hana::type_c<decltype(p.init(self))>;
  } else if constexpr (requires { p.init(); }) {
    return boost::hana::type_c<decltype(p.init())>;
  } else {
    return boost::hana::type_c<void>;
  }
}
template <class P>
auto result_of_terminate(P& p, exit_reason const& why, context<P>& self) {
  if constexpr (requires { p.terminate(why, self); }) {
    return boost::hana::type_c<decltype(p.terminate(why, self))>;
  } else if constexpr (requires { p.terminate(why); }) {
    return boost::hana::type_c<decltype(p.terminate(why))>;
  } else if constexpr (requires { p.terminate(); }) {
    return boost::hana::type_c<decltype(p.terminate())>;
  } else {
    return boost::hana::type_c<void>;
  }
}
template <class P>
using init_result = typename decltype(result_of_init(std::declval<P&>(), std::declval<context<P>&>()))::type;
template <class P>
using terminate_result = typename decltype(result_of_terminate(
    std::declval<P&>(), std::declval<exit_reason const&>(), std::declval<context<P>&>()))::type;
template <class R>
inline constexpr bool answers_nothing = std::is_void_v<R> || std::is_same_v<R, task<void>>;

template <class P, class R>
struct answering_init {
  static_assert(ill_formed<P, answers_from_init<R>>,
                "espalier: init and terminate answer nothing; let them return void or es::task<void>");
};
template <class P, class R>
struct answering_terminate {
  static_assert(ill_formed<P, answers_from_terminate<R>>,
                "espalier: init and terminate answer nothing; let them return void or es::task<void>");
};

template <class P, class Argument>
struct uncopyable_argument {
  static_assert(ill_formed<P, is_started_with<Argument>, which_is_not_copyable>,
                "espalier: an argument of a dynamic child cannot be copied, so the child could not be "
                "restarted with it; use a copyable type, such as std::shared_ptr");
};
template <class P, class Start>
struct start_with_wrong_parameters {
  static_assert(
      ill_formed<P, Start, which_takes_something_else>,
      "espalier: a start function takes nothing, or the es::context of its process; that of a "
      "dynamic child takes its start arguments too, as they stand in using args = es::arguments<...>");
};
template <class P, class Start, class Made>
struct start_with_wrong_result {
  static_assert(
      ill_formed<P, Start, which_answers<Made>>,
      "espalier: a start function answers its process, or a std::optional of it; return one of these");
};

template <class P, class Function, class... A>
auto result_of_start(Function function, context<P>& self, A&&... arg) {
  if constexpr (std::is_invocable_v<Function, context<P>&, A...>) {
    return function(self, std::move(arg)...);
  } else {
    return function(std::move(arg)...);
  }
}
template <class P, class Made>
inline constexpr bool is_made =
    std::is_same_v<Made, P> || std::is_same_v<Made, std::optional<P>> || std::is_convertible_v<Made, P>;
template <class P, class Function, class... A>
using made_by =
    decltype(result_of_start<P>(std::declval<Function>(), std::declval<context<P>&>(), std::declval<A>()...));

template <class P, class List>
inline constexpr bool is_built_from = false;
template <class P, class... A>
inline constexpr bool is_built_from<P, arguments<A...>> = requires(context<P>& self, A&&... a) {
  P(self, std::move(a)...);
}
|| requires(A&&... a) { P(std::move(a)...); }
|| requires(A&&... a) { P{std::move(a)...}; };
template <class P>
concept has_arguments = !std::is_same_v<typename args_of<P>::type, arguments<>>;

/// The first type among start arguments that cannot be copied, or void.
template <class List>
struct uncopyable {
  using type = void;
};
template <class First, class... Rest>
struct uncopyable<arguments<First, Rest...>> {
  static constexpr auto find() {
    if constexpr (std::is_copy_constructible_v<First>) {
      return boost::hana::type_c<typename uncopyable<arguments<Rest...>>::type>;
    } else {
      return boost::hana::type_c<First>;
    }
  }
  using type = typename decltype(find())::type;
};

struct no_start_function;
/// Stands in for a start function, of the children of a dynamic supervisor with start arguments.
template <class Start = no_start_function>
struct start_with_arguments;

/// The start function among a child's options, if there is one.
template <class Options>
struct start_option {
  using type = no_start_function;
};
template <auto Function, class... Rest>
struct start_option<type_list<start<Function>, Rest...>> {
  using type = start<Function>;
};
template <class Option, class... Rest>
struct start_option<type_list<Option, Rest...>> : start_option<type_list<Rest...>> {};

template <class P, class Start>
struct building {
  static constexpr auto judge() {
    if constexpr (buildable<P>) {
      return boost::hana::type_c<no_mistake<1>>;
    } else {
      return boost::hana::type_c<missing_constructor<P>>;
    }
  }
};
template <class P>
struct building<P, start_with_arguments<>> {
  static constexpr auto judge() {
    using wrong = typename uncopyable<typename args_of<P>::type>::type;
    if constexpr (!std::is_void_v<wrong>) {
      return boost::hana::type_c<uncopyable_argument<P, wrong>>;
    } else if constexpr (is_built_from<P, typename args_of<P>::type>) {
      return boost::hana::type_c<no_mistake<1>>;
    } else {
      return boost::hana::type_c<missing_constructor<P>>;
    }
  }
};
/// With a start function, and the arguments that it is given.
template <class P, auto Function, class... A>
struct building_by {
  static constexpr auto judge() {
    using function = decltype(Function);
    if constexpr (!std::is_invocable_v<function, context<P>&, A...> && !std::is_invocable_v<function, A...>) {
      return boost::hana::type_c<start_with_wrong_parameters<P, start<Function>>>;
    } else if constexpr (!is_made<P, made_by<P, function, A...>>) {
      return boost::hana::type_c<start_with_wrong_result<P, start<Function>, made_by<P, function, A...>>>;
    } else {
      return boost::hana::type_c<no_mistake<1>>;
    }
  }
};
template <class P, auto Function>
struct building<P, start<Function>> : building_by<P, Function> {};
template <class P, class List, auto Function>
struct building_from;
template <class P, class... A, auto Function>
struct building_from<P, arguments<A...>, Function> : building_by<P, Function, A...> {};
template <class P, auto Function>
struct building<P, start_with_arguments<start<Function>>> {
  static constexpr auto judge() {
    using wrong = typename uncopyable<typename args_of<P>::type>::type;
    if constexpr (!std::is_void_v<wrong>) {
      return boost::hana::type_c<uncopyable_argument<P, wrong>>;
    } else {
      return building_from<P, typename args_of<P>::type, Function>::judge();
    }
  }
};

// What there is to say about a process type: a sentence, or nothing. Aliases, because each class on the way
// to a sentence costs the reader lines.
template <class P>
using destructor_verdict =
    std::conditional_t<std::is_nothrow_destructible_v<P>, no_mistake<0>, throwing_destructor<P>>;
template <class P, class Start>
using building_verdict = typename decltype(building<P, Start>::judge())::type;
template <class P>
using init_verdict =
    std::conditional_t<answers_nothing<init_result<P>>, no_mistake<2>, answering_init<P, init_result<P>>>;
template <class P>
using terminate_verdict = std::conditional_t<answers_nothing<terminate_result<P>>, no_mistake<3>,
                                             answering_terminate<P, terminate_result<P>>>;

}  // namespace detail
}  // namespace espalier
