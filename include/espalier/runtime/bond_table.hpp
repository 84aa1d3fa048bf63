// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/bond.hpp>
#include <utility>

namespace espalier::runtime {

/// The bonds of one process: its own, and those of others that watch it (bond.hpp). Under the lock of its
/// address.
class bond_table {
 public:
  // --- of others

  void watch(std::shared_ptr<bond> const& b) {
    b->at = watchers_.insert(watchers_.end(), b);
    b->attached = true;
  }
  void unwatch(bond& b) {
    if (std::exchange(b.attached, false)) watchers_.erase(b.at);
  }
  /// Those who are to be told of the end of an incarnation; with `born_in`, only of the bonds that were made
  /// by it.
  bond_list take_watchers(std::uint64_t born_in = 0) {
    bond_list taken;
    for (auto at = watchers_.begin(); at != watchers_.end();) {
      const auto b = at++;
      if (born_in != 0 && (*b)->born_in != born_in) continue;
      (*b)->attached = false;
      taken.splice(taken.end(), watchers_, b);
    }
    return taken;
  }

  // --- its own

  /// Gives the bond its number.
  void own(std::shared_ptr<bond> const& b) {
    b->number = ++numbers_;
    own_.emplace(b->number, b);
  }
  /// The link to another process; null if there is none.
  std::shared_ptr<bond> find_link(address const& to) const {
    for (auto& [number, b] : own_) {
      if (b->kind == bond_kind::link && b->target == &to) return b;
    }
    return nullptr;
  }
  /// Answers false if there is none of that number.
  bool forget(std::uint64_t number) { return own_.erase(number) != 0; }
  /// Takes it out; what it has delivered is dropped when that is taken up. Null if there is none.
  std::shared_ptr<bond> cancel(std::uint64_t number) {
    const auto at = own_.find(number);
    if (at == own_.end()) return nullptr;
    std::shared_ptr<bond> b = std::move(at->second);
    own_.erase(at);
    b->canceled = true;
    return b;
  }
  /// All of a life that ends.
  bond_map cancel_all() {
    bond_map all = std::exchange(own_, {});
    for (auto& [number, b] : all) b->canceled = true;
    return all;
  }

  bool empty() const { return own_.empty() && watchers_.empty(); }

 private:
  bond_list watchers_;
  bond_map own_;
  std::uint64_t numbers_ = 0;
};

}  // namespace espalier::runtime
