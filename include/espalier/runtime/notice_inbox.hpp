// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/runtime/node.hpp>
#include <espalier/runtime/one_taker.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <utility>
#include <vector>

namespace espalier::runtime {

/// What supervisors have in common: notices come from any thread, and are taken on a worker, one at a time
/// and in order.
///
///   1. A worker that brings a notice to a supervisor that rests takes it there and then (one_taker.hpp). It
///      holds no lock, and what the notice leads to may come back to what the worker runs, as it may from
///      another worker.
///   2. Other threads, and timers, which expire under a lock, have the supervisor submitted.
///   3. A process that the taker starts may be up at once. That comes next, before all that waits: the end of
///      that life may be there already.
///   4. A supervisor that the taker starts may be up within that, and what the taker stops may have ended.
///      That is told without a lock: only that thread finds that it takes. A start comes next, an end if
///      nothing waits; all else keeps its order.
class notice_inbox : public node, public parent {
 public:
  /// Starts a new life, and answers its number. The last one has been told as ended.
  begun_life start() override {
    const std::uint64_t number = ++asked_life_;
    tell({.what = notice_kind::start, .life = number});
    return {number};
  }
  void stop() override { tell({.what = notice_kind::stop}); }
  /// Nobody kills a supervisor.
  void kill() override {}

  void take_request(envelope& r, plan::child_index child) noexcept override {
    tell({.what = notice_kind::request, .child = child, .request = &r});
  }
  void tell(notice n) noexcept override {
    const taking::name me = this_thread();
    if (turns_.is_taking(me) && may_be_next(n)) return at_once_.push_back(std::move(n));
    if (!runs_.may_run_here()) return enqueue(std::move(n));
    const turn t = turns_.begin(me, [&] { put(std::move(n)); });
    if (t == turn::mine) {
      is_last_ = true;
      take_with_what_is_next(n);
      leave(me);
    } else if (t == turn::to_submit) {
      runs_.submit(*this);
    }
  }

  void run() noexcept override {
    const taking::name me = runs_.may_run_here() ? this_thread() : 0;
    turns_.take_all(me, [this] {
      batch_.swap(inbox_);
      is_empty_.store(true, std::memory_order_relaxed);
    });
    for (notice& n : batch_) {
      is_last_ = &n == &batch_.back();
      take_with_what_is_next(n);
    }
    batch_.clear();
    leave(me);
  }

 protected:
  explicit notice_inbox(scheduler& runs) : runs_(runs) {}
  ~notice_inbox() = default;

  virtual void take(notice& n) = 0;
  /// Takes that a child has started. Its last start has answered that it is up.
  virtual void take_up(plan::child_index child) = 0;

  /// By the taker: the child that it has started is up.
  void comes_up_next(plan::child_index i) { up_ = i; }

  /// By the taker: whether that child has just told its end, which comes next.
  bool has_ended_at_once(plan::child_index i) const {
    return next_ != at_once_.size() && at_once_.back().what == notice_kind::ended &&
           at_once_.back().child == i;
  }

  /// As `tell`, where a lock is held.
  void enqueue(notice n) noexcept {
    if (turns_.put([&] { put(std::move(n)); })) runs_.submit(*this);
  }

 private:
  using taking = one_taker<short_lock>;
  static constexpr plan::child_index nobody = UINT32_MAX;

  /// Under the lock.
  void put(notice n) {
    inbox_.push_back(std::move(n));
    is_empty_.store(false, std::memory_order_relaxed);
  }
  /// By the taker.
  bool may_be_next(notice const& n) const {
    return n.what == notice_kind::started ||
           (n.what == notice_kind::ended && is_last_ && is_empty_.load(std::memory_order_relaxed));
  }
  void take_with_what_is_next(notice& n) {
    take(n);
    while (up_ != nobody) take_up(std::exchange(up_, nobody));
    if (!at_once_.empty()) take_at_once();
  }
  [[gnu::noinline]] void take_at_once() {
    while (next_ != at_once_.size()) {
      notice next = std::move(at_once_[next_++]);
      take(next);
      while (up_ != nobody) take_up(std::exchange(up_, nobody));
    }
    at_once_.clear();
    next_ = 0;
  }
  void leave(taking::name me) {
    if (!turns_.leave(me, [this] { return inbox_.empty(); })) runs_.submit(*this);
  }

  static taking::name this_thread() {
    static constinit thread_local char named = 0;
    return reinterpret_cast<taking::name>(&named);
  }

  scheduler& runs_;
  taking turns_;
  std::vector<notice> inbox_;         // under its lock
  std::atomic<bool> is_empty_{true};  // the inbox; written under the lock
  // Touched by the taker.
  std::vector<notice> batch_;
  plan::child_index up_ = nobody;  // comes before all else
  bool is_last_ = false;           // of the batch
  std::vector<notice> at_once_;    // comes before the next of the batch
  std::size_t next_ = 0;           // of these that came at once
  std::uint64_t asked_life_ = 0;   // touched by the parent
};

}  // namespace espalier::runtime
