// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/duration.hpp>

// The options of supervisors and children. Each option is an empty type; `option` says what it decides, so
// that two options of one kind in one list are found, and where it may stand.
namespace espalier {

enum class strategy_kind : unsigned char { one_for_one, one_for_all, rest_for_one };
enum class restart_kind : unsigned char { permanent, transient, temporary };
enum class auto_shutdown_kind : unsigned char { never, any_significant, all_significant };

/// What a bounded mailbox does with a message for which there is no room.
enum class overflow : unsigned char {
  suspend,      // takes it, and does not run its sender again until there is room
  drop_newest,  // drops it; a call is told `no_reply`
  drop_oldest,  // takes it, and drops the oldest
  crash         // crashes the receiver
};

enum class option_kind : unsigned char {
  strategy,
  intensity,
  auto_shutdown,
  restart,
  shutdown,
  significant,
  start,
  mailbox,
  keep_mailbox,
  drain,
  start_limit,
  backoff,
  max_children,
  allow
};

namespace detail {

template <option_kind Kind>
struct option {
  static constexpr option_kind espalier_option = Kind;
};

}  // namespace detail

/// Only the child that ended is restarted. The default.
struct one_for_one : detail::option<option_kind::strategy> {
  static constexpr strategy_kind value = strategy_kind::one_for_one;
};
/// When one child ends, all others are stopped, and all are started again.
struct one_for_all : detail::option<option_kind::strategy> {
  static constexpr strategy_kind value = strategy_kind::one_for_all;
};
/// When one child ends, those started after it are stopped; it and they are started again.
struct rest_for_one : detail::option<option_kind::strategy> {
  static constexpr strategy_kind value = strategy_kind::rest_for_one;
};

/// More than `N` restarts within `Period` end the supervisor. The default is `intensity<1, 5_s>`.
template <long long N, duration Period>
struct intensity : detail::option<option_kind::intensity> {
  static constexpr long long max_restarts = N;
  static constexpr duration period = Period;
};

/// The supervisor stops itself once any significant child has ended by itself and is not restarted.
struct auto_shutdown_any : detail::option<option_kind::auto_shutdown> {
  static constexpr auto_shutdown_kind value = auto_shutdown_kind::any_significant;
};
/// The supervisor stops itself once the last significant child has ended by itself and is not restarted.
struct auto_shutdown_all : detail::option<option_kind::auto_shutdown> {
  static constexpr auto_shutdown_kind value = auto_shutdown_kind::all_significant;
};

/// Always restarted, whatever the reason, also after a normal end. The default.
struct permanent : detail::option<option_kind::restart> {
  static constexpr restart_kind value = restart_kind::permanent;
};
/// Restarted only after an abnormal end.
struct transient : detail::option<option_kind::restart> {
  static constexpr restart_kind value = restart_kind::transient;
};
/// Never restarted.
struct temporary : detail::option<option_kind::restart> {
  static constexpr restart_kind value = restart_kind::temporary;
};

/// How long the child may take to stop. The default is 5 s for a process and infinity for a supervisor.
template <duration Limit>
struct shutdown : detail::option<option_kind::shutdown> {
  static constexpr duration limit = Limit;
  static constexpr bool brutal = false;
};
/// The child is ended at once, without its `terminate`. A function that is running gets 100 ms to return.
struct brutal_kill : detail::option<option_kind::shutdown> {
  static constexpr duration limit{100'000'000};
  static constexpr bool brutal = true;
};

/// The end of this child counts for its supervisor's `auto_shutdown_any` or `auto_shutdown_all`.
struct significant : detail::option<option_kind::significant> {};

/// Builds the process by calling `Function()` or `Function(es::context<P>&)`. A function that returns an
/// empty `std::optional<P>` declines the start: the child stays without a process, and that is no error.
template <auto Function>
struct start : detail::option<option_kind::start> {
  static constexpr auto function = Function;
};

/// At most `Size` messages wait; the process's own timers and messages to itself do not count. The default is
/// no bound, as in OTP. System messages are never dropped.
template <long long Size, overflow When>
struct mailbox : detail::option<option_kind::mailbox> {
  static constexpr long long size = Size;
  static constexpr overflow when_full = When;
};
/// What other processes have sent survives a restart. The default is that it ends with the incarnation, as in
/// OTP.
struct keep_mailbox : detail::option<option_kind::keep_mailbox> {};
/// On a stop, what was queued before is handled first, within the shutdown limit.
struct drain : detail::option<option_kind::drain> {};
/// How long a start may take, `init` included. A start that takes longer is stopped, and has failed. The
/// default is infinity.
template <duration Limit>
struct start_limit : detail::option<option_kind::start_limit> {
  static constexpr duration limit = Limit;
};
/// Waits before a repeated restart: `First`, and twice as long each time up to `Max`, with up to a quarter
/// less by jitter. "Repeated" is forgotten after one period of life.
template <duration First, duration Max>
struct backoff : detail::option<option_kind::backoff> {
  static constexpr duration first = First;
  static constexpr duration max = Max;
};

/// A temporary child that the restart of a sibling would end for good.
struct temporary_lost_to_sibling {};
/// A transient supervisor, which is not restarted after it gave up.
struct transient_supervisor {};
/// A strategy that cannot matter, because the supervisor has a single child.
struct strategy_without_effect {};
/// A `brutal_kill` child whose `terminate` does not run on a stop.
struct terminate_skipped_on_stop {};

/// Says "yes, I mean this suspicious thing" on the part that a message names.
template <class What>
struct allow : detail::option<option_kind::allow> {
  using what = What;
};

}  // namespace espalier
