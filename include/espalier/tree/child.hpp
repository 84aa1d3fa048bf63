// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

namespace espalier {

/// One child of a supervisor: a process type, a name for one, or a supervisor, with its options. A bare type
/// in a supervisor's list is a child with default options.
template <class P, class... Options>
struct child {};

/// A name for a process type that stands in a tree more than once: `struct primary : es::name_for<database>
/// {};`.
template <class P>
struct name_for {
  using espalier_process = P;
};

namespace detail {

template <class Name>
struct named {
  using type = Name;
};
template <class Name>
requires requires { typename Name::espalier_process; }
struct named<Name> {
  using type = typename Name::espalier_process;
};

}  // namespace detail

/// The process type that a name stands for. A process type is its own name.
template <class Name>
using process_of = typename detail::named<Name>::type;

}  // namespace espalier
