// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <deque>
#include <espalier/runtime/instance.hpp>
#include <memory_resource>
#include <vector>

namespace espalier::runtime {

/// The children of a dynamic supervisor: their places, which stay where they are, and what it remembers of
/// them. Touched by the worker that runs the supervisor.
class dynamic_slots {
 public:
  /// A place, or what is made for a supervisor, and what is remembered of the current or last life there.
  struct slot {
    explicit slot(place& p) : process(&p) {}
    explicit slot(std::unique_ptr<instance> b) : branch(std::move(b)) {}

    node& child() { return process != nullptr ? static_cast<node&>(*process) : branch->root(); }
    /// The process by which a `ref` finds the child.
    place& first() { return process != nullptr ? *process : branch->first(); }

    place* process = nullptr;
    std::unique_ptr<instance> branch;
    std::uint64_t life = 0;
    envelope* asked = nullptr;       // its start, or its stop
    envelope* asked_late = nullptr;  // its stop, again and again
    exit_reason why;
    type_name const* message = nullptr;  // that it was handling
    std::uint32_t incarnation = 0;       // of this child, not of those that were here before
    bool has_arguments = false;
    bool start_failed = false;
    bool start_overdue = false;
  };

  /// Children by `pattern` for `told`; `maker` makes them if they are supervisors.
  dynamic_slots(place_plan const& pattern, parent& told, instance_maker const& maker)
      : pattern_(pattern), maker_(maker) {
    pattern_.told = &told;
  }

  static_assert(sizeof(slot) <= 64);

  std::size_t size() const { return slots_.size(); }
  slot& operator[](plan::child_index i) { return slots_[i]; }
  slot const& operator[](plan::child_index i) const { return slots_[i]; }

  /// One more, behind the others.
  void add() {
    const auto number = static_cast<plan::child_index>(slots_.size());
    if (pattern_.about->supervisor) {
      slots_.emplace_back(maker_.make(*pattern_.about, *pattern_.told, number));
      return;
    }
    place** const own = own_neighbours();
    if (own == nullptr) {
      slots_.emplace_back(places_.emplace_back(pattern_, number));
      return;
    }
    place_plan& p = own_plans_.emplace_back(pattern_);
    p.neighbours = own;
    place& made = places_.emplace_back(p, number);
    for (std::uint32_t e = 0; e != p.about->edge_count; ++e) {
      if (names_itself(e)) own[e] = &made;
    }
    slots_.emplace_back(made);
  }

  // --- from the simulation

  bool holds_nothing() const {
    return std::all_of(slots_.begin(), slots_.end(), [](slot const& s) {
      return s.process != nullptr ? s.process->holds_nothing() : s.branch->holds_nothing();
    });
  }
  std::size_t left_behind_count() const {
    std::size_t n = 0;
    for (slot const& s : slots_)
      n += s.process != nullptr ? s.process->left_behind_count() : s.branch->left_behind_count();
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
  std::deque<std::vector<place*>> neighbours_;  // of children that name themselves
  std::deque<place_plan> own_plans_;            // likewise
  std::pmr::monotonic_buffer_resource memory_;  // in which they stand side by side:
  std::pmr::deque<place> places_{&memory_};     // of children that are processes
  std::vector<slot> slots_;
};

}  // namespace espalier::runtime
