// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/record.hpp>
#include <espalier/tree/child.hpp>
#include <espalier/tree/supervisor.hpp>
#include <type_traits>

// What is legal but most likely not meant: refused, unless `es::allow<...>` stands on the part.
namespace espalier {

class exit_reason;
template <class P>
class context;

namespace detail {

enum class suspicion : unsigned char {
  temporary_lost_to_sibling,
  transient_supervisor,
  strategy_without_effect,
  terminate_skipped_on_stop,
  none
};

constexpr bool is_allowed(record const& r, suspicion s) {
  return (r.allowed >> static_cast<unsigned>(s) & 1U) != 0;
}

/// What `es::allow<What>` allows.
template <class What>
inline constexpr suspicion suspicion_of = suspicion::none;
template <>
inline constexpr suspicion suspicion_of<temporary_lost_to_sibling> = suspicion::temporary_lost_to_sibling;
template <>
inline constexpr suspicion suspicion_of<transient_supervisor> = suspicion::transient_supervisor;
template <>
inline constexpr suspicion suspicion_of<strategy_without_effect> = suspicion::strategy_without_effect;
template <>
inline constexpr suspicion suspicion_of<terminate_skipped_on_stop> = suspicion::terminate_skipped_on_stop;

template <class What>
constexpr option_fault allow_on(record& r) {
  if (suspicion_of<What> == suspicion::none) return option_fault::unknown;
  r.allowed = static_cast<unsigned char>(r.allowed | 1U << static_cast<unsigned>(suspicion_of<What>));
  return option_fault::none;
}

/// Whether a process has something to do at its end. What `terminate` takes is known by name only here.
template <class P>
concept has_terminate = requires(P& p) {
  p.terminate();
}
|| requires(P& p, exit_reason const& why) { p.terminate(why); }
|| requires(P& p, exit_reason const& why, context<P>& self) { p.terminate(why, self); };

/// Whether a child is ended without its `terminate`. Few are, so few are asked for theirs.
template <class Name, class Options>
inline constexpr bool skips_terminate = false;
template <class Name, class... Options>
requires(std::is_same_v<brutal_kill, Options> ||
         ...) inline constexpr bool skips_terminate<Name, type_list<Options...>> =
    has_terminate<process_of<Name>>;

}  // namespace detail
}  // namespace espalier
