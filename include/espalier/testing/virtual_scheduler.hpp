// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/scheduler.hpp>
#include <espalier/testing/random.hpp>
#include <vector>

namespace espalier::testing {

/// Runs a system on the calling thread, one step at a time, under a clock of its own. What runs next among
/// all that could is drawn from the seed. Time moves only when it is told to.
class virtual_scheduler final : public runtime::scheduler {
 public:
  explicit virtual_scheduler(seed s) : draw_(s) {}

  void submit(runtime::runnable& r) override { ready_.push_back(&r); }
  instant now() override { return now_; }
  void arm(runtime::timer& t, instant due) override {
    if (due != end_of_time) timers_.arm(t, due);
  }
  bool disarm(runtime::timer& t) override { return timers_.disarm(t); }
  int batch() const override { return 1; }
  std::uint16_t jitter() override { return static_cast<std::uint16_t>(draw_.next() >> 48); }

  /// Runs one process or supervisor for one turn. Answers false if none is ready.
  bool run_one() {
    if (ready_.empty()) return false;
    const std::size_t chosen = static_cast<std::size_t>(draw_.below(ready_.size()));
    running_ = ready_[chosen];
    ready_[chosen] = ready_.back();
    ready_.pop_back();
    ++steps_;
    running_->run();
    running_ = nullptr;
    return true;
  }

  /// What runs now; null outside `run_one`.
  runtime::runnable const* running() const { return running_; }
  /// When time will move by itself, or `end_of_time`.
  instant next_timer() const { return timers_.next(); }

  /// Moves the clock, and expires what is due by then.
  void move_to(instant t) {
    if (t > now_) now_ = t;
    timers_.expire(now_);
  }

  random& draw() { return draw_; }
  std::uint64_t steps() const { return steps_; }
  bool is_idle() const { return ready_.empty(); }
  std::size_t armed_timers() const { return timers_.size(); }

 private:
  random draw_;
  std::vector<runtime::runnable*> ready_;
  runtime::runnable* running_ = nullptr;
  runtime::timer_queue timers_;
  instant now_{};
  std::uint64_t steps_ = 0;
};

}  // namespace espalier::testing
