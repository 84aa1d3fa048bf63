// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/policies.hpp>
#include <espalier/tree/supervisor.hpp>

namespace espalier {

/// A supervisor whose children are started at run time, all of one process type: OTP's simple_one_for_one,
/// Elixir's DynamicSupervisor. Its options are an intensity and `max_children`. It is stopped by stopping all
/// children at once, under one limit. Best derived from, so that it has a name:
/// `struct sessions : es::dynamic<es::child<session, es::temporary>> {};`
template <class Child, class... Options>
struct dynamic {
  using espalier_parts = detail::type_list<Child, Options...>;
  using espalier_supervisor = dynamic;
  static constexpr bool espalier_dynamic = true;
};

/// In a process, `using args = es::arguments<...>`: what `start_child` gives to its constructor, `P(args...)`
/// or `P(es::context<P>&, args...)`. They are copied, kept for restarts, and forgotten for temporary
/// children.
template <class... T>
struct arguments {};

/// The most children of a dynamic supervisor at a time. The default is no bound.
template <long long N>
struct max_children : detail::option<option_kind::max_children> {
  static constexpr long long value = N;
};

namespace detail {

template <class T>
concept dynamic_type = supervisor_type<T> && requires {
  T::espalier_dynamic;
};
template <class Child, class... Options>
inline constexpr bool has_own_name<dynamic<Child, Options...>> = false;

}  // namespace detail
}  // namespace espalier
