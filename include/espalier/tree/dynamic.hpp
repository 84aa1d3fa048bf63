// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/child.hpp>
#include <espalier/tree/policies.hpp>
#include <espalier/tree/supervisor.hpp>

namespace espalier {

/// A supervisor whose children are started at run time, all of one type: OTP's simple_one_for_one, Elixir's
/// DynamicSupervisor. Its options are an intensity and `max_children`. It is stopped by stopping all children
/// at once, under one limit. Best derived from, so that it has a name:
/// `struct sessions : es::dynamic<es::child<session, es::temporary>> {};`
///
/// The child may be a supervisor. Each start makes all below it anew; a name inside leads to the process of
/// the same child, and nothing inside is seen from outside but through its `es::ref`.
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

template <class List>
struct first_part;
template <class First, class... Rest>
struct first_part<type_list<First, Rest...>> {
  using type = First;
};
template <class Part>
struct name_of_part {
  using type = Part;
};
template <class P, class... Options>
struct name_of_part<child<P, Options...>> {
  using type = P;
};
/// The process type of the children of a dynamic or partitioned supervisor; or the supervisor that they are.
template <class D>
using child_process =
    process_of<typename name_of_part<typename first_part<typename D::espalier_parts>::type>::type>;

}  // namespace detail
}  // namespace espalier
