// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/system/system.hpp>
#include <espalier/testing/faults.hpp>
#include <espalier/testing/trace.hpp>
#include <espalier/testing/virtual_scheduler.hpp>

namespace espalier {

/// A tree run inside a test: the engine and the plans of `es::system`, under a seeded scheduler and a virtual
/// clock. The constructor starts the tree; all happens on the calling thread, inside the member functions.
template <class T>
class simulation {
 public:
  explicit simulation(seed s = {}) : simulation(with(), s) {}
  /// Throws `es::start_failed` if a child does not start.
  template <class... C>
  explicit simulation(given<C...> values, seed s = {}) : seed_(s), scheduler_(s) {
    if constexpr (is_valid<T>) {
      static_assert(sizeof(detail::wiring_check<T, C...>) != 0);
      auto kept = std::make_shared<given<C...>>(std::move(values));
      values_ = kept;
      engine_ = std::make_unique<runtime::engine>(
          detail::view_of<T>, detail::lookup_of<T>, detail::process_types<T>(kept->values), scheduler_,
          runtime::engine::hooks{.on_report = [this](report const& r) { reports_.push_back(r.to_string()); },
                                 .on_event = [this](runtime::event const& e) { note(e); },
                                 .on_stage = nullptr,
                                 .faults = &crashes_});
      engine_->start();
      drive([&] { return engine_->where() != runtime::stage::starting; }, never);
      if (engine_->where() == runtime::stage::start_failed) throw start_failed(engine_->why());
      if (engine_->where() == runtime::stage::starting) {
        stop();
        throw std::logic_error("espalier: the start never ends");
      }
      trace_ = {};
    }
  }
  simulation(simulation const&) = delete;
  simulation& operator=(simulation const&) = delete;

  ~simulation() {
    if (engine_ != nullptr) stop();
  }

  /// Sends a message. It is handled when the simulation runs.
  template <class Q, class M>
  void cast(M&& m) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_cast_from_outside<T, Q, message>()) {
      std::unique_ptr<runtime::envelope> mail(
          new runtime::message<process_of<Q>, message>(std::in_place, std::forward<M>(m)));
      if (runtime::post(place_of<Q>(), *mail, true)) static_cast<void>(mail.release());
    }
  }

  /// Sends a request and runs until the reply. Throws `es::call_failed` as `es::system` does, after virtual
  /// time.
  template <class Q, class M>
  auto call(M&& m, duration limit = default_call_limit) {
    using message = std::remove_cvref_t<M>;
    if constexpr (detail::may_ask_from_outside<T, Q, message>()) {
      return detail::call_from_outside<Q, message>(
          place_of<Q>(), std::forward<M>(m), [&](runtime::outside_call& c) {
            runtime::envelope* answered = nullptr;
            drive([&] { return (answered = c.poll()) != nullptr; }, scheduler_.now() + limit);
            return answered;
          });
    } else {
      return detail::after_mistake{};
    }
  }

  /// Crashes a process: at its next message, or where the argument says.
  template <class P>
  void crash(at_message when = {}) {
    crashes_.add({runtime::fault_point::before_handler, &record_of<P>(), when.number - 1, 1});
  }
  template <class P>
  void crash(after_message when) {
    crashes_.add({runtime::fault_point::after_handler, &record_of<P>(), when.number - 1, 1});
  }
  template <class P>
  void crash(in_constructor when) {
    crashes_.add({runtime::fault_point::construct, &record_of<P>(), 0, when.times});
  }
  template <class P>
  void crash(in_init when) {
    crashes_.add({runtime::fault_point::init, &record_of<P>(), 0, when.times});
  }
  template <class P>
  void crash(in_terminate) {
    crashes_.add({runtime::fault_point::terminate, &record_of<P>(), 0, 1});
  }

  /// Runs all that can run now. Time does not move.
  void run_until_idle() {
    while (scheduler_.run_one()) {
    }
  }
  /// Runs for that long. Returns at once.
  void run_for(duration d) {
    const instant end = scheduler_.now() + d;
    drive([] { return false; }, end);
  }
  /// Runs until the predicate holds, for an hour of virtual time at the most. Answers whether it holds.
  template <class Predicate>
  bool run_until(Predicate holds) {
    drive(holds, scheduler_.now() + duration{3'600'000'000'000});
    return holds();
  }

  /// Stops the tree in order, and answers why the root ended.
  exit_reason stop() {
    engine_->stop();
    return wait();
  }
  /// Runs until the root has ended, and answers why.
  exit_reason wait() {
    drive([&] { return engine_->where() > runtime::stage::up; }, never);
    run_until_idle();
    return engine_->why();
  }
  /// Whether the root has ended.
  bool ended() const { return engine_->where() > runtime::stage::up; }
  bool gave_up() const { return engine_->how() == plan::ending::gave_up; }

  /// What the tree did since it was up.
  espalier::trace trace() const { return trace_; }
  /// Whether it did exactly that.
  trace_match matches(espalier::trace expected) const {
    return testing::match(std::move(expected), trace_, seed_note());
  }
  /// Whether it did that, in this order, and perhaps more.
  trace_match contains(espalier::trace expected) const {
    return testing::match_within(std::move(expected), trace_, seed_note());
  }
  /// The reports so far, as text.
  std::vector<std::string> const& reports() const { return reports_; }

  /// How long the tree has run.
  duration elapsed() { return scheduler_.now() - instant{}; }

 private:
  template <class Q>
  runtime::place& place_of() {
    return engine_->at(detail::found_from_root<T, Q>.node);
  }
  template <class Q>
  record const& record_of() {
    if constexpr (detail::is_reachable<T, Q>()) {
      return detail::records_of<T>[detail::found_from_root<T, Q>.node];
    } else {
      return detail::records_of<T>[0];
    }
  }

  /// Runs until the predicate holds or the clock reads `end`. Time moves only when nothing can run.
  template <class Predicate>
  void drive(Predicate holds, instant end) {
    while (!holds()) {
      if (scheduler_.now() > end) return;
      if (scheduler_.run_one()) continue;
      const instant next = scheduler_.next_timer();
      if (next == never && end == never) return;
      if (next > end) return scheduler_.move_to(end);
      scheduler_.move_to(next);
    }
  }

  void note(runtime::event const& e) {
    trace_.add({e.what, e.about->name, e.what == runtime::event_kind::ended ? e.why.kind() : reason::normal});
  }
  std::string seed_note() const { return "  seed " + std::to_string(seed_.value) + "\n"; }

  [[no_unique_address]] check<T> check_;

  seed seed_;
  testing::virtual_scheduler scheduler_;
  testing::crash_list crashes_;
  espalier::trace trace_;
  std::vector<std::string> reports_;
  std::shared_ptr<void> values_;
  std::unique_ptr<runtime::engine> engine_;
};

}  // namespace espalier
