// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/engine.hpp>
#include <espalier/runtime/pool.hpp>

namespace espalier {

/// How a system runs.
struct settings {
  /// Threads that run processes; 0 means one for each core.
  unsigned workers = 0;
  /// Where crash reports go.
  report_sink on_report = report_to_stderr;
};

namespace runtime {

/// An engine on a pool, as a thread outside the tree sees it. Any thread, except from inside a handler where
/// it blocks.
class host {
 public:
  host(tree_view tree, detail::name_lookup names, std::vector<process_type> types, settings how)
      : pool_(std::make_unique<pool>(workers_of(how))),
        engine_(tree, names, std::move(types), *pool_,
                engine::hooks{.on_report = std::move(how.on_report),
                              .on_event = nullptr,
                              .on_stage = [this] { stage_changed(); },
                              .faults = nullptr}) {
    engine_.start();
  }
  host(host const&) = delete;
  host& operator=(host const&) = delete;

  /// Stops the tree, in order.
  ~host() {
    engine_.stop();
    wait_past(stage::up);
    pool_.reset();  // before the places that its workers run
  }

  /// Blocks until the tree is up, or has failed to start.
  stage await_start() { return wait_past(stage::starting); }
  /// Blocks until the root has ended, or has failed to start.
  stage await_end() { return wait_past(stage::up); }
  /// Asks the tree to stop, also while it starts, and returns.
  void ask_to_stop() { engine_.stop(); }

  /// Why and how the root ended. Only after that.
  exit_reason why() const { return engine_.why(); }
  plan::ending how() const { return engine_.how(); }

  place& at(node_index i) { return engine_.at(i); }
  parent& supervisor_at(node_index i) { return engine_.supervisor_at(i); }

  /// Throws if the calling thread runs a handler of this system, which `what` would block for ever.
  void refuse_in_handler(char const* what) const {
    if (!pool_->is_worker()) return;
    throw std::logic_error(std::string("espalier: system.") + what +
                           " inside a handler would block its worker; use the handler's es::context");
  }

 private:
  static unsigned workers_of(settings const& how) {
    if (how.workers != 0) return how.workers;
    const unsigned cores = std::thread::hardware_concurrency();
    return cores == 0 ? 1 : cores;
  }

  void stage_changed() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  stage wait_past(stage s) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return engine_.where() > s; });
    return engine_.where();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<pool> pool_;
  engine engine_;
};

}  // namespace runtime
}  // namespace espalier
