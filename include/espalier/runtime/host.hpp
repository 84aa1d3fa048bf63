// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/engine.hpp>
#include <espalier/runtime/pool.hpp>

namespace espalier {

/// How a system runs.
struct settings {
  /// Threads that run processes; 0 means one for each core.
  unsigned workers = 0;
  /// How long a function of a process may run before it is reported, and another worker takes its worker's
  /// place (SEMANTICS 16). It is noticed within a quarter more. If functions hold up all workers, nothing
  /// else runs until then, nor are their stop limits noticed; with `es::infinity` for good.
  duration stall_limit{1'000'000'000};
  /// Where crash reports go.
  report_sink on_report = report_to_stderr;
};

namespace runtime {

/// An engine on a pool, as a thread outside the tree sees it. Any thread, except from inside a handler where
/// it blocks.
class host {
 public:
  host(tree_view tree, detail::name_lookup names, std::vector<process_type> types, settings how)
      : pool_(std::make_unique<pool>(workers_of(how), how.stall_limit)),
        engine_(tree, names, std::move(types), *pool_,
                engine::hooks{.on_report = std::move(how.on_report),
                              .on_event = nullptr,
                              .on_stage = [this] { stage_changed(); },
                              .faults = nullptr}) {
    engine_.start();
  }
  host(host const&) = delete;
  host& operator=(host const&) = delete;

  /// After `close`.
  ~host() { pool_.reset(); }  // before the places that its workers run

  /// Stops the tree, in order. If functions that were left behind still run, what they use lives as long as
  /// they do, `owner` too, and nothing of them is reported any more. Answers whether there are such.
  static bool close(std::shared_ptr<host> owner) {
    host& self = *owner;
    self.engine_.stop();
    self.wait_past(stage::up);
    if (!self.pool_->end()) return false;
    self.engine_.silence();
    self.pool_->leave_to_threads(std::move(owner));
    return true;
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

/// Owns a host, and closes it.
class host_owner {
 public:
  host_owner() = default;
  explicit host_owner(std::shared_ptr<host> h) : host_(std::move(h)) {}
  host_owner(host_owner&&) = default;
  host_owner& operator=(host_owner&& other) {
    close();
    host_ = std::move(other.host_);
    return *this;
  }
  ~host_owner() { close(); }

  /// Answers whether functions that were left behind still run.
  bool close() { return host_ != nullptr && host::close(std::exchange(host_, nullptr)); }

  explicit operator bool() const { return host_ != nullptr; }
  host* operator->() const { return host_.get(); }

 private:
  std::shared_ptr<host> host_;
};

}  // namespace runtime
}  // namespace espalier
