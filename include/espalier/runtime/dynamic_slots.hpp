// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <deque>
#include <espalier/runtime/instance.hpp>
#include <espalier/runtime/stable_array.hpp>
#include <vector>

namespace espalier::runtime {

/// The children of a dynamic supervisor: their places, which stay where they are, and what it remembers of
/// them. Touched by the worker that runs the supervisor.
class dynamic_slots {
 public:
  /// What is remembered of a child and of its current or last life. All children that there ever were at a
  /// time have one, so it is small.
  struct slot {
    envelope* asked = nullptr;      // its start, or its stop, and then its stop again and again
    std::uint32_t life = 0;         // the low bits of its number
    std::uint32_t incarnation = 0;  // of this child, not of those that were here before
    bool has_arguments = false;
    bool start_failed = false;
    bool start_overdue = false;
  };

  /// Children by `pattern` for `told`; `maker` makes them if they are supervisors.
  dynamic_slots(place_plan const& pattern, parent& told, instance_maker const& maker)
      : pattern_(pattern), maker_(maker) {
    pattern_.told = &told;
  }

  static_assert(sizeof(slot) <= 24);

  std::size_t size() const { return slots_.size(); }
  slot& operator[](plan::child_index i) { return slots_[i]; }
  slot const& operator[](plan::child_index i) const { return slots_[i]; }
  /// The child as a process; null if it is a supervisor.
  place* process(plan::child_index i) { return branches_.empty() ? &places_[i] : nullptr; }
  /// The child as a supervisor, with all below it; null if it is a process.
  instance* branch(plan::child_index i) const { return branches_.empty() ? nullptr : branches_[i].get(); }
  node& child(plan::child_index i) {
    if (branches_.empty()) return places_[i];
    return branches_[i]->root();
  }
  /// The process by which a `ref` finds the child.
  place& first(plan::child_index i) { return branches_.empty() ? places_[i] : branches_[i]->first(); }

  /// One more, behind the others.
  void add() {
    const auto number = static_cast<plan::child_index>(slots_.size());
    slots_.emplace_back();
    if (pattern_.about->supervisor) {
      branches_.push_back(maker_.make(*pattern_.about, *pattern_.told, number));
      return;
    }
    place** const own = own_neighbours();
    if (own == nullptr) {
      places_.emplace_back(pattern_, number);
      return;
    }
    place_plan& p = own_plans_.emplace_back(pattern_);
    p.neighbours = own;
    place& made = places_.emplace_back(p, number);
    for (std::uint32_t e = 0; e != p.about->edge_count; ++e) {
      if (names_itself(e)) own[e] = &made;
    }
  }

  // --- from the simulation

  bool holds_nothing() const {
    for (std::size_t i = 0; i != places_.size(); ++i) {
      if (!places_[i].holds_nothing()) return false;
    }
    return std::all_of(branches_.begin(), branches_.end(), [](auto& b) { return b->holds_nothing(); });
  }
  std::size_t left_behind_count() const {
    std::size_t n = 0;
    for (std::size_t i = 0; i != places_.size(); ++i) n += places_[i].left_behind_count();
    for (auto& b : branches_) n += b->left_behind_count();
    return n;
  }

 private:
  /// A child that declares its own name has neighbours of its own, itself among them; null for the others.
  place** own_neighbours() {
    for (std::uint32_t e = 0; e != pattern_.about->edge_count; ++e) {
      if (!names_itself(e)) continue;
      auto& own =
          neighbours_.emplace_back(pattern_.neighbours, pattern_.neighbours + pattern_.about->edge_count);
      return own.data();
    }
    return nullptr;
  }
  bool names_itself(std::uint32_t e) const {
    edge const& to = pattern_.about->edges[e];
    return to.kind != edge_kind::starts && to.name == pattern_.about->name;
  }

  place_plan pattern_;
  instance_maker const& maker_;
  std::deque<std::vector<place*>> neighbours_;       // of children that name themselves
  std::deque<place_plan> own_plans_;                 // likewise
  stable_array<place> places_;                       // of children that are processes
  std::vector<std::unique_ptr<instance>> branches_;  // of those that are supervisors
  std::vector<slot> slots_;
};

}  // namespace espalier::runtime
