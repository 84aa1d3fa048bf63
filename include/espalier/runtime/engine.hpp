// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <deque>
#include <espalier/check/crash.hpp>
#include <espalier/check/scope.hpp>
#include <espalier/runtime/dynamic_node.hpp>
#include <espalier/runtime/place.hpp>
#include <espalier/runtime/process_services.hpp>
#include <espalier/runtime/supervisor_node.hpp>

namespace espalier::runtime {

/// What the runtime needs to know of a child's process type: how to make a life of it, and where its needs
/// are.
struct process_type {
  std::unique_ptr<incarnation> (*make)(place&, std::uint64_t number) = nullptr;
  std::vector<void const*> environment;
};

/// How far a tree has come.
enum class stage : unsigned char { starting, up, start_failed, ended };

/// A tree of records, wired and run. It is ordinary code over the records: it never sees the types of the
/// tree.
///
/// Start: `start` sends the root its notice; supervisors and places do the rest on workers, in order. `stop`
/// does the same for the stop. The engine hears of the root's fate as its parent, and `changed` is called.
class engine final : private parent, private observer {
 public:
  struct hooks {
    report_sink on_report = report_to_stderr;
    std::function<void(event const&)> on_event;
    std::function<void()> on_stage;  // after each change of `where()`
    fault_injector* faults = nullptr;
  };

  /// `types` is indexed like `tree`; the entries of supervisors are not used.
  engine(tree_view tree, detail::name_lookup names, std::vector<process_type> types, scheduler& runs, hooks h)
      : tree_(tree), types_(std::move(types)), runs_(runs), hooks_(std::move(h)), nodes_(tree.size) {
    name_paths();
    for (node_index i = 0; i != tree.size; ++i) {
      neighbours_.emplace_back(tree[i].edge_count);
      dynamics_.emplace_back(tree[i].edge_count);
    }
    for (node_index i = 0; i != tree.size; ++i) make_node(i);
    wire(names);
  }

  void start() { root().start(); }
  /// Asks the root to stop; a second time is no harm.
  void stop() { root().stop(); }

  /// Nothing is reported any more. Any thread.
  void silence() {
    std::lock_guard lock(observer_mutex_);
    hooks_.on_report = nullptr;
    hooks_.on_event = nullptr;
  }

  /// The place of a process.
  place& at(node_index i) { return *static_cast<place*>(nodes_[i]); }

  stage where() const {
    std::lock_guard lock(mutex_);
    return stage_;
  }
  /// Why the root ended or did not start. Only after that.
  exit_reason why() const {
    std::lock_guard lock(mutex_);
    return why_;
  }
  /// How the root ended. Only after that.
  plan::ending how() const {
    std::lock_guard lock(mutex_);
    return how_;
  }
  /// A supervisor, to be asked.
  parent& supervisor_at(node_index i) {
    if (tree_[i].dynamic) return dynamic_at(i);
    return *static_cast<supervisor_node*>(nodes_[i]);
  }
  dynamic_node& dynamic_at(node_index i) { return *static_cast<dynamic_node*>(nodes_[i]); }
  std::string_view path(node_index i) const { return paths_[i]; }
  tree_view tree() const { return tree_; }

 private:
  node& root() { return *nodes_[0]; }

  static std::string name(record const& r) {
    detail::text_writer count;
    detail::write_name(count, r);
    std::string out(count.size(), ' ');
    detail::text_writer writer(out.data());
    detail::write_name(writer, r);
    return out;
  }

  void name_paths() {
    for (node_index i = 0; i != tree_.size; ++i) {
      const node_index above = tree_[i].parent;
      paths_.push_back(above == no_node ? name(tree_[i]) : paths_[above] + "/" + name(tree_[i]));
    }
  }

  void make_node(node_index i) {
    record const& r = tree_[i];
    if (tree_.is_pattern(i)) return;  // its dynamic supervisor makes the places
    supervisor_node* const above =
        r.parent == no_node ? nullptr : static_cast<supervisor_node*>(nodes_[r.parent]);
    parent* const told = above == nullptr ? static_cast<parent*>(this) : above;
    const supervisor_wiring wiring{.about = &r,
                                   .path = paths_[i],
                                   .told = told,
                                   .runs = &runs_,
                                   .seen_by = this,
                                   .faults = hooks_.faults};
    if (r.dynamic) {
      nodes_[i] = &dynamic_nodes_.emplace_back(wiring, detail::rule_of(r), plan_of_place(i + 1, nullptr),
                                               paths_[i + 1]);
    } else if (r.supervisor) {
      nodes_[i] = &supervisors_.emplace_back(wiring, detail::rule_of(r));
    } else {
      nodes_[i] = &places_.emplace_back(plan_of_place(i, told));
    }
    if (above != nullptr) above->adopt(*nodes_[i], r, paths_[i]);
  }

  place_plan plan_of_place(node_index i, parent* told) {
    return {.about = &tree_[i],
            .make = types_[i].make,
            .neighbours = neighbours_[i].data(),
            .dynamics = dynamics_[i].data(),
            .environment = types_[i].environment.data(),
            .told = told,
            .runs = &runs_,
            .faults = hooks_.faults,
            .number = tree_[i].number};
  }

  /// Each process's neighbours, by the position of their names among its edges.
  void wire(detail::name_lookup names) {
    for (node_index i = 0; i != tree_.size; ++i) {
      for (std::uint32_t e = 0; e != tree_[i].edge_count; ++e) {
        const edge to = tree_[i].edges[e];
        if (to.kind == edge_kind::starts) {
          const node_index d = detail::resolve_dynamic(tree_, i, to.name);
          if (d != no_node) dynamics_[i][e] = static_cast<dynamic_node*>(nodes_[d]);
          continue;
        }
        if (to.name == tree_[i].name && tree_.is_pattern(i)) continue;  // sent along another way
        const node_index target =
            to.name == tree_[i].name ? i : detail::resolve(tree_, names, i, to.name).node;
        if (target == no_node) continue;
        neighbours_[i][e] = &at(target);
        if (to.kind == edge_kind::restarts_with && !tree_.is_pattern(i)) {
          static_cast<supervisor_node*>(nodes_[tree_[target].parent])
              ->add_dependent(tree_[target].number, at(i));
        }
      }
    }
  }

  // --- as the root's parent

  /// Nobody asks about the root.
  void take_request(envelope& r, plan::child_index) noexcept override { fail(r, reason::noproc); }

  void tell(notice n) noexcept override {
    if (n.what == notice_kind::started) {
      happened({event_kind::started, &tree_[0], {}});
      return enter(stage::up);
    }
    if (n.what == notice_kind::ended) happened({event_kind::ended, &tree_[0], n.why});
    root().park();
    {
      std::lock_guard lock(mutex_);
      why_ = n.why;
      how_ = n.how;
    }
    enter(n.what == notice_kind::ended ? stage::ended : stage::start_failed);
  }

  void enter(stage s) {
    {
      std::lock_guard lock(mutex_);
      stage_ = s;
    }
    if (hooks_.on_stage) hooks_.on_stage();
  }

  // --- as the observer of all supervisors

  void happened(event const& e) noexcept override {
    std::lock_guard lock(observer_mutex_);
    if (hooks_.on_event) hooks_.on_event(e);
  }

  void reported(report const& r) noexcept override {
    std::lock_guard lock(observer_mutex_);
    try {
      if (hooks_.on_report) hooks_.on_report(r);
    } catch (...) {
      // A sink that throws loses its report; the tree goes on.
    }
  }

  tree_view tree_;
  std::vector<process_type> types_;
  scheduler& runs_;
  hooks hooks_;
  std::vector<std::string> paths_;
  std::vector<std::vector<place*>> neighbours_;
  std::vector<std::vector<parent*>> dynamics_;
  std::deque<place> places_;
  std::deque<supervisor_node> supervisors_;
  std::deque<dynamic_node> dynamic_nodes_;
  std::vector<node*> nodes_;

  mutable std::mutex mutex_;
  stage stage_ = stage::starting;
  exit_reason why_;
  plan::ending how_ = plan::ending::stopped;
  std::mutex observer_mutex_;
};

}  // namespace espalier::runtime
