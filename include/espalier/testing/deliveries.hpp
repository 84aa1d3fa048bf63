// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <deque>
#include <espalier/runtime/place.hpp>
#include <espalier/testing/virtual_scheduler.hpp>
#include <functional>
#include <map>

namespace espalier::testing {

/// Messages, answers and notices that take time, or change places with those of other pairs. What one process
/// sends to another one keeps its order; a channel for each pair sees to that.
///
/// A pair is two record numbers, `no_node` for what is outside the tree. Messages to oneself take no time.
class deliveries {
 public:
  using pair = std::pair<node_index, node_index>;

  /// `push` puts a message into a mailbox, as `place::push` does.
  using push_function =
      std::function<runtime::delivery(runtime::place& to, runtime::envelope& mail, bool may_wait)>;
  deliveries(virtual_scheduler& runs, push_function push) : runs_(runs), push_(std::move(push)) {}

  /// From now on every delivery of that pair takes `d`.
  void delay(pair between, duration d) { fixed_[between] = d; }
  /// From now on every other delivery takes up to `d`, drawn from the seed. Zero still reorders them.
  void scatter(duration d) { most_ = d; }

  bool is_direct() const { return fixed_.empty() && most_ < duration{}; }

  /// Answers false, and does nothing, if the message is to be delivered at once.
  bool takes_message(pair between, runtime::place& to, runtime::envelope& mail, bool may_wait) {
    return takes(between, {.to = &to, .mail = &mail, .may_wait = may_wait});
  }
  bool takes_answer(pair between, runtime::reply_sink& to, runtime::envelope& answered) {
    return takes(between, {.mail = &answered, .asked_by = &to});
  }

  bool takes_notice(pair between, std::function<void()> arrive) {
    return takes(between, {.notice = std::move(arrive)});
  }

  /// Delivers all that is still under way. From now on nothing takes time, nor what that leads to.
  void end() {
    fixed_.clear();
    most_ = duration{-1};
    for (auto& [between, c] : channels_) c.flush();
  }

 private:
  struct item {
    runtime::place* to = nullptr;
    runtime::envelope* mail = nullptr;
    bool may_wait = false;
    runtime::reply_sink* asked_by = nullptr;
    std::function<void()> notice = nullptr;
    instant due = {};
  };

  void arrive(item const& i) {
    if (i.notice) return i.notice();
    if (i.asked_by != nullptr) return i.asked_by->deliver(static_cast<runtime::answerable&>(*i.mail));
    if (!push_(*i.to, *i.mail, i.may_wait)) runtime::fail(*i.mail, reason::noproc);
  }

  class channel final : public runtime::runnable, public runtime::timer {
   public:
    explicit channel(deliveries& of) : of_(of) {}
    ~channel() override { of_.runs_.disarm(*this); }

    void add(item i, duration takes) {
      i.due = of_.runs_.now() + takes;
      if (!waiting_.empty() && i.due < waiting_.back().due) i.due = waiting_.back().due;
      waiting_.push_back(i);
      if (waiting_.size() == 1) wait();
    }
    bool empty() const { return waiting_.empty(); }

    void run() noexcept override {
      if (waiting_.empty()) return;  // flushed
      const item first = waiting_.front();
      waiting_.pop_front();
      of_.arrive(first);
      if (!waiting_.empty()) wait();
    }
    void expire() noexcept override { of_.runs_.submit(*this); }

    void flush() {
      of_.runs_.disarm(*this);
      while (!waiting_.empty()) {
        const item first = waiting_.front();
        waiting_.pop_front();
        of_.arrive(first);
      }
    }

   private:
    void wait() {
      if (waiting_.front().due <= of_.runs_.now()) {
        of_.runs_.submit(*this);
      } else {
        of_.runs_.arm(*this, waiting_.front().due);
      }
    }

    deliveries& of_;
    std::deque<item> waiting_;
  };

  bool takes(pair between, item i) {
    if (between.first == between.second) return false;
    const auto fixed = fixed_.find(between);
    const auto open = channels_.find(between);
    const bool waits = open != channels_.end() && !open->second.empty();
    if (fixed == fixed_.end() && most_ < duration{} && !waits) return false;
    duration d{};
    if (fixed != fixed_.end()) {
      d = fixed->second;
    } else if (most_ > duration{}) {
      d.nanoseconds =
          static_cast<std::int64_t>(runs_.draw().below(static_cast<std::uint64_t>(most_.nanoseconds) + 1));
    }
    channels_.try_emplace(between, *this).first->second.add(i, d);
    return true;
  }

  virtual_scheduler& runs_;
  push_function push_;
  std::map<pair, duration> fixed_;
  duration most_{-1};
  std::map<pair, channel> channels_;
};

}  // namespace espalier::testing
