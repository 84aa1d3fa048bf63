// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/branch.hpp>

namespace espalier::runtime {

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
      : observer(h.on_event != nullptr),
        hooks_(std::move(h)),
        all_{.tree = tree,
             .names = names,
             .types = std::move(types),
             .paths = paths_of(tree),
             .runs = &runs,
             .seen_by = this,
             .faults = hooks_.faults},
        nodes_(all_, 0, *this, 0, nullptr) {}

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
  place& at(node_index i) { return nodes_.place_at(i); }

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
  parent& supervisor_at(node_index i) { return nodes_.supervisor_at(i); }
  std::string_view path(node_index i) const { return all_.paths[i]; }
  tree_view tree() const { return all_.tree; }

  // --- from the simulation

  bool holds_nothing(node_index dynamic) const { return nodes_.dynamic_at(dynamic).holds_nothing(); }
  bool is_settled() const { return nodes_.is_settled(); }
  std::size_t left_behind_count() const { return nodes_.left_behind_count(); }

 private:
  node& root() { return nodes_.root(); }

  static std::string name(record const& r) {
    detail::text_writer count;
    detail::write_name(count, r);
    std::string out(count.size(), ' ');
    detail::text_writer writer(out.data());
    detail::write_name(writer, r);
    return out;
  }

  static std::vector<std::string> paths_of(tree_view tree) {
    std::vector<std::string> out;
    for (node_index i = 0; i != tree.size; ++i) {
      const node_index above = tree[i].parent;
      out.push_back(above == no_node ? name(tree[i]) : out[above] + "/" + name(tree[i]));
      if (tree.is_partition(i)) out.back() += "[" + std::to_string(tree[i].number) + "]";
    }
    return out;
  }

  // --- as the root's parent

  /// Nobody asks about the root.
  void take_request(envelope& r, plan::child_index) noexcept override { fail(r, reason::noproc); }

  void tell(notice n) noexcept override {
    if (n.what == notice_kind::started) {
      if (wants_events) happened({event_kind::started, &all_.tree[0], {}, &root()});
      return enter(stage::up);
    }
    if (wants_events && n.what == notice_kind::ended)
      happened({event_kind::ended, &all_.tree[0], n.why, &root()});
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

  hooks hooks_;
  tree_wiring const all_;
  branch nodes_;

  mutable std::mutex mutex_;
  stage stage_ = stage::starting;
  exit_reason why_;
  plan::ending how_ = plan::ending::stopped;
  std::mutex observer_mutex_;
};

}  // namespace espalier::runtime
