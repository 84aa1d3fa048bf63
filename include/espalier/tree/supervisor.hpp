// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <boost/hana/experimental/types.hpp>

namespace espalier {

namespace detail {

/// The one place that names Hana's list of types.
template <class... T>
using type_list = boost::hana::experimental::types<T...>;

}  // namespace detail

/// A supervisor: options and children in one list. Children are started in list order and stopped in reverse.
/// Best derived from (`struct storage : es::supervisor<...> {}`), so that it has a name in reports and
/// errors.
template <class... Parts>
struct supervisor {
  using espalier_parts = detail::type_list<Parts...>;
  using espalier_supervisor = supervisor;
};

namespace detail {

template <class T>
concept supervisor_type = requires {
  typename T::espalier_parts;
  typename T::espalier_supervisor;
};

/// Whether the supervisor was derived from, and so has a name of its own.
template <class T>
inline constexpr bool has_own_name = true;
template <class... Parts>
inline constexpr bool has_own_name<supervisor<Parts...>> = false;

}  // namespace detail
}  // namespace espalier
