// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/crash.hpp>
#include <espalier/check/scope.hpp>
#include <espalier/runtime/dynamic_node.hpp>
#include <espalier/runtime/process_services.hpp>
#include <list>

// The nodes of a subtree, wired: of the whole tree, or of one child of a dynamic supervisor that is a
// supervisor itself. Of a dynamic supervisor's child there is nothing here; that is a branch of its own, or a
// place, for each time it is started.
namespace espalier::runtime {

/// What the runtime needs to know of a child's process type: how to make a life of it, and where its needs
/// are.
struct process_type {
  life_maker make = nullptr;
  std::vector<void const*> environment;
  own_code code = {};
};

/// What all branches of a tree have in common. `types` and `paths` are indexed like `tree`.
struct tree_wiring {
  tree_view tree;
  detail::name_lookup names;
  std::vector<process_type> types;
  std::vector<std::string> paths;
  scheduler* runs = nullptr;
  observer* seen_by = nullptr;
  fault_injector* faults = nullptr;  // only in a simulation
};

class branch final : public instance, public instance_maker {
 public:
  /// The subtree of the record `root`, whose end is told to `told`, as that of the child `number`. Names that
  /// mean nothing inside lead `around`.
  branch(tree_wiring const& all, node_index root, parent& told, plan::child_index number,
         branch const* around)
      : all_(all), tree_(all.tree), root_(root), told_(told), number_(number), around_(around) {
    const node_index size = tree_[root].end - root;
    neighbours_.reserve(size);
    dynamics_.reserve(size);
    plans_.reserve(size);
    for (node_index i = root; i != tree_[root].end; ++i) {
      neighbours_.emplace_back(tree_[i].edge_count);
      dynamics_.emplace_back(tree_[i].edge_count);
    }
    places_by_record_.resize(size);
    nodes_.resize(size);
    for (node_index i = root; i != tree_[root].end; ++i) {
      if (is_here(i)) make_node(i);
    }
    for (node_index i = root; i != tree_[root].end; ++i) {
      if (is_here(i) || is_made_here(i)) wire(i);
    }
  }

  node& root() override { return *nodes_[0]; }
  place& first() override { return places_.front(); }
  void give_up_generation() override {
    for (place& p : places_) p.give_up_generation();
  }

  /// The node of a record that is here, or in what is around.
  node& at(node_index i) const { return is_here(i) ? *nodes_[i - root_] : around_->at(i); }
  place& place_at(node_index i) const { return static_cast<place&>(at(i)); }
  dynamic_node& dynamic_at(node_index i) const { return static_cast<dynamic_node&>(at(i)); }
  parent& supervisor_at(node_index i) const {
    if (tree_[i].dynamic) return dynamic_at(i);
    return static_cast<supervisor_node&>(at(i));
  }

  // --- from the simulation

  bool holds_nothing() const override {
    for (place const& p : places_) {
      if (!p.holds_nothing()) return false;
    }
    for (dynamic_node const& d : dynamic_nodes_) {
      if (!d.holds_nothing()) return false;
    }
    return true;
  }
  bool is_settled() const override {
    for (place const& p : places_) {
      if (!p.is_serving() && !p.refuses(true)) return false;
    }
    for (dynamic_node const& d : dynamic_nodes_) {
      if (!d.is_settled()) return false;
    }
    return true;
  }
  std::size_t left_behind_count() const override {
    std::size_t n = 0;
    for (place const& p : places_) n += p.left_behind_count();
    for (dynamic_node const& d : dynamic_nodes_) n += d.left_behind_count();
    return n;
  }

 private:
  /// Whether a record has its node here.
  bool is_here(node_index i) const {
    return i >= root_ && i < tree_[root_].end && tree_[i].pattern == tree_[root_].pattern;
  }
  /// Whether it is a process that a dynamic supervisor here starts.
  bool is_made_here(node_index i) const { return tree_[i].pattern == i && is_here(tree_[i].parent); }

  std::unique_ptr<instance> make(record const& pattern, parent& told,
                                 plan::child_index number) const override {
    const auto root = static_cast<node_index>(&pattern - tree_.records);
    return std::make_unique<branch>(all_, root, told, number, this);
  }

  void make_node(node_index i) {
    record const& r = tree_[i];
    supervisor_node* const above = i == root_ ? nullptr : &static_cast<supervisor_node&>(at(r.parent));
    parent* const told = above == nullptr ? &told_ : above;
    const supervisor_wiring wiring{.about = &r,
                                   .path = all_.paths[i],
                                   .told = told,
                                   .runs = all_.runs,
                                   .seen_by = all_.seen_by,
                                   .faults = all_.faults,
                                   .number = number_of(i)};
    node*& made = nodes_[i - root_];
    if (r.dynamic) {
      made = &dynamic_nodes_.emplace_back(wiring, detail::rule_of(r), plan_of_place(i + 1, nullptr),
                                          all_.paths[i + 1], *this);
    } else if (r.supervisor) {
      made = &supervisors_.emplace_back(wiring, detail::rule_of(r));
    } else {
      made = places_by_record_[i - root_] =
          &places_.emplace_back(plans_.emplace_back(plan_of_place(i, told)), number_of(i));
    }
    if (above != nullptr) above->adopt(*made, r, all_.paths[i]);
  }
  plan::child_index number_of(node_index i) const { return i == root_ ? number_ : tree_[i].number; }

  place_plan plan_of_place(node_index i, parent* told) {
    const node_index here = i - root_;
    return {.about = &tree_[i],
            .make = all_.types[i].make,
            .neighbours = neighbours_[here].data(),
            .dynamics = dynamics_[here].data(),
            .partitions = places_by_record_.data() + (here - tree_[i].number),
            .environment = all_.types[i].environment.data(),
            .told = told,
            .runs = all_.runs,
            .code = all_.types[i].code,
            .is_used_once = tree_[i].pattern == i && tree_[i].restart == restart_kind::temporary,
            .faults = all_.faults};
  }

  /// A process's neighbours, by the position of their names among its edges.
  void wire(node_index i) {
    for (std::uint32_t e = 0; e != tree_[i].edge_count; ++e) {
      const edge to = tree_[i].edges[e];
      if (to.kind == edge_kind::starts) {
        const node_index d = detail::resolve_dynamic(tree_, i, to.name);
        if (d != no_node) dynamics_[i - root_][e] = &dynamic_at(d);
        continue;
      }
      const bool to_itself = to.name == tree_[i].name;
      if (to_itself && !is_here(i)) continue;  // each child's own place
      const node_index target = to_itself ? i : detail::resolve(tree_, all_.names, i, to.name).node;
      if (target == no_node) continue;
      neighbours_[i - root_][e] = &place_at(target);
      if (to.kind == edge_kind::restarts_with && is_here(i) && is_here(target)) {
        static_cast<supervisor_node&>(at(tree_[target].parent))
            .add_dependent(tree_[target].number, place_at(i));
      }
    }
  }

  tree_wiring const& all_;
  tree_view const tree_;
  node_index const root_;
  parent& told_;
  plan::child_index const number_;
  branch const* const around_;

  // By record, from the root.
  std::vector<std::vector<place*>> neighbours_;
  std::vector<std::vector<parent*>> dynamics_;
  std::vector<place*> places_by_record_;  // null for supervisors; partitions stand side by side
  std::vector<node*> nodes_;

  std::vector<place_plan> plans_;  // of the places
  std::list<place> places_;
  std::list<supervisor_node> supervisors_;
  std::list<dynamic_node> dynamic_nodes_;
};

}  // namespace espalier::runtime
