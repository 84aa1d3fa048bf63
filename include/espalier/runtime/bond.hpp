// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/incarnation.hpp>
#include <list>
#include <memory>
#include <unordered_map>

namespace espalier::runtime {

class address;

enum class bond_kind : unsigned char { monitor, link };

/// One process's interest in the end of another one: a monitor, or one of the two directions of a link. It
/// attaches to the target's present incarnation, or to the next one if there is none (SEMANTICS 11), and
/// fires once.
///
///   1. The owner holds it among its own, under the owner's lock, the target among those that watch it, under
///      the target's (bond_table.hpp).
///      No two locks are held at a time.
///   2. The target's end takes all watchers out of the list, and hands each to its owner, which takes it out
///      of its own list and delivers it.
///   3. The owner's end, or a `demonitor`, marks the bond canceled under the owner's lock, and then takes it
///      out of the target's list. A bond that is being fired meanwhile finds the mark, and delivers nothing.
///   4. What a monitor has delivered is handled only while the owner still holds the bond; so a `demonitor`
///      also takes back what stands in the mailbox.
struct bond {
  bond_kind kind{};
  std::uint64_t number = 0;
  address* owner = nullptr;
  std::uint64_t owner_life = 0;  // 0: the one after a gap
  address* target = nullptr;
  std::uint64_t born_in = 0;  // the incarnation of the target that made it; 0 if somebody else did
  death_notice notice;
  bool canceled = false;  // under the owner's lock
  bool attached = false;  // under the target's lock, with `at`
  std::list<std::shared_ptr<bond>>::iterator at = {};
};

using bond_list = std::list<std::shared_ptr<bond>>;
using bond_map = std::unordered_map<std::uint64_t, std::shared_ptr<bond>>;

/// A signal that ends its receiver. `killed` that cannot be trapped ends it without its `terminate`.
struct exit_signal {
  exit_reason why;
  bool is_trappable = true;
  std::uint64_t life = 0;  // for that incarnation only; 0 for any
  /// Its message for a receiver that traps exits, or null. It has its turn in the mailbox from the beginning,
  /// and is dropped there if the signal is not trapped.
  envelope* notice = nullptr;
};

/// As an envelope's `bond`: the notice of an exit signal, before that is taken, once it is trapped, and if it
/// is not.
inline constexpr std::uint64_t untaken_signal = UINT64_MAX;
inline constexpr std::uint64_t trapped_signal = UINT64_MAX - 1;
inline constexpr std::uint64_t untrapped_signal = UINT64_MAX - 2;

}  // namespace espalier::runtime
