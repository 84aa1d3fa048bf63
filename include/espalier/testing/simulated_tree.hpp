// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/system/system.hpp>
#include <espalier/testing/audit.hpp>
#include <espalier/testing/faults.hpp>
#include <espalier/testing/stand_in.hpp>
#include <espalier/testing/step_log.hpp>

namespace espalier::testing {

/// A tree of records run under a seeded scheduler and a virtual clock, as all simulations do it: ordinary
/// code on the thread that calls it.
class simulated_tree : private runtime::fault_injector {
 public:
  simulated_tree(simulated_tree const&) = delete;
  simulated_tree& operator=(simulated_tree const&) = delete;

  /// Starts the tree, if that has not been done. Throws `es::start_failed` if a child does not start.
  void start() {
    if (!std::exchange(started_, true)) engine_->start();
    if (engine_->where() == runtime::stage::up || engine_->where() == runtime::stage::ended) return;
    drive([&] { return engine_->where() != runtime::stage::starting; }, end_of_time);
    if (engine_->where() == runtime::stage::start_failed) throw start_failed(engine_->why());
    if (engine_->where() == runtime::stage::starting) {
      stop();
      throw std::logic_error("espalier: the start never ends");
    }
    trace_ = {};
  }

  /// Runs all that can run now. Time does not move.
  void run_until_idle() {
    for (std::uint64_t steps = 0; scheduler_.run_one();) count_step(steps);
  }
  /// Runs for that long. Returns at once. Throws `std::invalid_argument` for a negative time.
  void run_for(duration d) {
    if (d < duration{}) throw std::invalid_argument("espalier: time does not run backwards");
    const instant end = scheduler_.now() + d;
    drive([] { return false; }, end);
  }
  /// Runs until the predicate holds, for an hour of virtual time at the most. Answers whether it holds.
  template <class Predicate>
  bool run_until(Predicate holds) {
    drive(holds, scheduler_.now() + duration{3'600'000'000'000});
    return holds();
  }

  /// Stops the tree in order, and answers why the root ended. Gives up after a day of virtual time; see
  /// `ended`.
  exit_reason stop() {
    if (!started_) return {};
    engine_->stop();
    return wait();
  }
  /// Runs until the root has ended, for a day of virtual time at the most, and answers why. What is under way
  /// then reaches nobody.
  exit_reason wait() {
    drive([&] { return ended(); }, end_of_time);
    if (ended()) end_injections();
    run_until_idle();
    return engine_->why();
  }
  /// Whether the root has ended.
  bool ended() const { return engine_->where() > runtime::stage::up; }
  bool gave_up() const { return ended() && engine_->how() == plan::ending::gave_up; }

  /// What the tree did since it was up.
  espalier::trace trace() const { return trace_; }
  /// Whether it did exactly that.
  trace_match matches(espalier::trace expected) const {
    return testing::match(std::move(expected), trace_, last_steps());
  }
  /// Whether it did that, in this order, and perhaps more.
  trace_match contains(espalier::trace expected) const {
    return testing::match_within(std::move(expected), trace_, last_steps());
  }
  /// The reports so far, as text.
  std::vector<std::string> const& reports() const { return reports_; }
  /// The seed, and what happened last: for a test that fails.
  std::string last_steps() const {
    return "  seed " + std::to_string(seed_.value) + "\n  last steps\n" + log_.to_string();
  }
  /// What does not hold although it always should, a sentence each: a call without an answer, a message
  /// handled by the wrong incarnation, ...
  std::vector<std::string> const& broken() const { return audit_.broken(); }

  /// After so many steps at one instant, whatever runs throws `std::logic_error`. The default is 10 million.
  void limit_steps(std::uint64_t most) { most_steps_ = most; }
  /// How long the tree has run.
  duration elapsed() const { return now_ - instant{}; }

  /// Delivers what is sent from different processes in an order of its own, drawn from the seed. What one
  /// sends to another one keeps its order.
  void reorder() { deliveries_.scatter({}); }
  /// The same, and each delivery takes up to `d`.
  void delay_up_to(duration d) { deliveries_.scatter(check_delay(d)); }

  // For harnesses.

  /// Is told what happens, also during the start.
  struct watcher {
    virtual void handles(node_index, type_id) {}
    virtual void finishes(node_index, type_id) {}
    virtual void ended(runtime::place&, exit_reason const&) {}
    virtual void requested(record const&) {}
    virtual void happened(runtime::event const&) {}

   protected:
    ~watcher() = default;
  };
  void watch(watcher& w) { watcher_ = &w; }
  /// Checks that nothing is left. After the end.
  void audit_end() {
    audit_.finish(
        [&](node_index i) {
          if (tree_.is_pattern(i)) return true;  // its dynamic supervisor answers for it
          if (tree_[i].dynamic) return engine_->holds_nothing(i);
          return !is_process(i) || place_at(i).holds_nothing();
        },
        engine_->left_behind_count());
  }
  /// Has the engine make a mistake on purpose.
  void plant(runtime::planted_mistake m) { planted_ = m; }
  /// Whether a process is up, by the number of its record.
  bool is_up(node_index i) { return is_process(i) && place_at(i).receiving_life() != 0; }
  /// Whether no process is being ended, or is about to be started.
  bool is_settled() { return engine_->is_settled(); }
  template <class When>
  void crash_at(node_index i, When when) {
    crash_victim({&tree_[i]}, is_process(i) ? &place_at(i) : nullptr, when);
  }

 protected:
  simulated_tree(tree_view tree, seed s)
      : seed_(s),
        tree_(tree),
        scheduler_(s),
        deliveries_(scheduler_,
                    [this](runtime::place& to, runtime::envelope& mail, bool may_wait) {
                      if (to.refuses(may_wait)) return runtime::delivery{};
                      return to.push(as_handled(to, mail), may_wait);
                    }),
        audit_(tree, scheduler_, deliveries_) {}
  virtual ~simulated_tree() {
    for (auto& [at, s] : stand_ins_) s.retire();
    try {
      if (engine_ != nullptr && !ended()) stop();
    } catch (std::logic_error const&) {
      // It does not come to rest, and what it holds is destroyed as it is.
    }
    end_injections();
  }

  /// `values` is what the processes' environment refers to.
  void make_engine(detail::name_lookup names, std::vector<runtime::process_type> types,
                   std::shared_ptr<void> values) {
    values_ = std::move(values);
    engine_ = std::make_unique<runtime::engine>(
        tree_, names, std::move(types), scheduler_,
        runtime::engine::hooks{.on_report = [this](report const& r) { saw(r); },
                               .on_event = [this](runtime::event const& e) { saw(e); },
                               .on_stage = nullptr,
                               .faults = this});
  }

  runtime::place& place_at(node_index i) { return engine_->at(i); }

  /// Whether a record is that of a process, and no pattern.
  bool is_process(node_index i) const { return !tree_[i].supervisor && !tree_.is_pattern(i); }

  template <class Q, class M>
  void cast_to(runtime::child_address to, M&& m) {
    using message = std::remove_cvref_t<M>;
    std::unique_ptr<runtime::envelope> mail(
        new runtime::message<process_of<Q>, message>(std::in_place, std::forward<M>(m)));
    const runtime::delivery sent = runtime::post(to, *mail, true);
    if (sent) static_cast<void>(mail.release());
    if (!sent.is_full()) return;
    runtime::outside_room* const room = runtime::outside_room::make(*to.at);
    run_until([&] { return room->is_there(); });
    room->release();
  }
  template <class Q, class M>
  auto call_at(runtime::child_address to, M&& m, duration limit) {
    return detail::call_from_outside<Q, std::remove_cvref_t<M>>(
        to, std::forward<M>(m),
        [&](runtime::outside_call& c) { return drive_until_answered(c, scheduler_.now() + limit); });
  }
  template <class Q, class M>
  auto try_call_at(runtime::child_address to, M&& m, duration limit) {
    using result = answer<detail::reply_of<std::remove_cvref_t<M>>>;
    try {
      if constexpr (std::is_same_v<result, answer<void>>) {
        call_at<Q>(to, std::forward<M>(m), limit);
        return result();
      } else {
        return result(call_at<Q>(to, std::forward<M>(m), limit));
      }
    } catch (call_failed const& failed) {
      return result(id_of<Q>, failed.reason());
    }
  }

  runtime::child_address address_at(node_index i) { return {&place_at(i), 0}; }

  template <class D, class... Args>
  auto start_child_at(node_index i, Args&&... args) {
    return detail::start_from_outside<D>(
        [&](auto& r) { engine_->supervisor_at(i).take_request(r, 0); },
        [&](runtime::outside_call& c) { return drive_until_answered(c, end_of_time); },
        std::forward<Args>(args)...);
  }
  child_result terminate_child_at(runtime::child_address child, bool of_supervisor) {
    return detail::ask_from_outside(
        std::make_unique<runtime::terminate_request>(child, of_supervisor),
        [&](auto& r) { runtime::ask_supervisor_of(child, r); },
        [&](runtime::outside_call& c) { return drive_until_answered(c, end_of_time); });
  }
  child_result ask_about(node_index i, runtime::child_request_kind kind) {
    return detail::ask_from_outside(
        std::make_unique<runtime::child_request>(kind), [&](auto& r) { place_at(i).ask_supervisor(r); },
        [&](runtime::outside_call& c) { return drive_until_answered(c, end_of_time); });
  }
  std::vector<child_info> children_at(node_index supervisor) {
    return detail::ask_from_outside(
        std::make_unique<runtime::children_request>(),
        [&](auto& r) { engine_->supervisor_at(supervisor).take_request(r, 0); },
        [&](runtime::outside_call& c) { return drive_until_answered(c, end_of_time); });
  }

  void slow_at(node_index i, type_id message, duration d) {
    faults_.add(fault_list::slowness{{&tree_[i]}, message, d});
  }

  template <class When>
  void crash_child(runtime::child_address const& child, When when) {
    if (child.at != nullptr) crash_victim({&child.at->about(), child}, child.at, when);
  }
  void slow_child(runtime::child_address const& child, type_id message, duration d) {
    if (child.at != nullptr) faults_.add(fault_list::slowness{{&child.at->about(), child}, message, d});
  }
  void drop_at(node_index i, type_id message, std::uint64_t number) {
    check_count(number);
    faults_.add(fault_list::drop{&tree_[i], message, number - 1});
  }
  void delay_between(node_index from, node_index to, duration d) {
    deliveries_.delay({from, to}, check_delay(d));
  }

  /// The stand-in for a process; from now on its messages go there, and its next lives have no process.
  stand_in& stand_in_at(node_index i) {
    runtime::place& at = place_at(i);
    const auto [found, is_new] = stand_ins_.try_emplace(&at, tree_[i].name);
    if (is_new) {
      at.make_by(&vacant_life::make,
                 [&](runtime::envelope& mail) -> runtime::envelope& { return as_handled(at, mail); });
    }
    return found->second;
  }

  runtime::answerable* drive_until_answered(runtime::outside_call& c, instant end) {
    runtime::answerable* answered = nullptr;
    drive([&] { return (answered = c.poll()) != nullptr; }, end);
    return answered;
  }
  /// Runs until the predicate holds or the clock reads `end`. Time moves only when nothing can run. With
  /// `end_of_time` it does not move past the last timer, nor for more than a day.
  template <class Predicate>
  void drive(Predicate holds, instant end) {
    const bool is_open = end == end_of_time;
    if (is_open) end = now_ + duration{86'400'000'000'000};
    for (std::uint64_t steps = 0; !holds();) {
      if (now_ > end) return;
      if (scheduler_.run_one()) {
        count_step(steps);
        continue;
      }
      const instant next = scheduler_.next_timer();
      if (is_open && next > end) return;
      move_to(next > end ? end : next);
      if (next > end) return;
      steps = 0;
    }
  }

 private:
  struct timed_crash final : runtime::timer {
    explicit timed_crash(runtime::child_address c) : victim(c) {}
    void expire() noexcept override {
      victim.at->signal({{reason::crashed, "espalier::injected_crash: crashed by the simulation"}, false},
                        nullptr, victim.generation);
    }
    runtime::child_address const victim;
  };

  void crash_victim(victim v, runtime::place*, at_message when) {
    check_count(when.number);
    faults_.add({runtime::fault_point::before_handler, v, when.number - 1, 1});
  }
  void crash_victim(victim v, runtime::place*, after_message when) {
    check_count(when.number);
    faults_.add({runtime::fault_point::after_handler, v, when.number - 1, 1});
  }
  void crash_victim(victim v, runtime::place*, in_constructor when) {
    faults_.add({runtime::fault_point::construct, v, 0, when.times});
  }
  void crash_victim(victim v, runtime::place*, in_init when) {
    faults_.add({runtime::fault_point::init, v, 0, when.times});
  }
  void crash_victim(victim v, runtime::place*, in_terminate) {
    faults_.add({runtime::fault_point::terminate, v, 0, 1});
  }
  void crash_victim(victim v, runtime::place* at_place, at when) {
    timed_crashes_.push_back(
        std::make_unique<timed_crash>(runtime::child_address{at_place, v.only.generation}));
    scheduler_.arm(*timed_crashes_.back(), instant{} + when.elapsed);
    scheduler_.move_to(now_);  // now, if its time is past
  }

  /// What is under way arrives, and what waits for an answer that never comes is told.
  void end_injections() {
    for (auto& crash : timed_crashes_) scheduler_.disarm(*crash);
    deliveries_.end();
    for (auto& [at, s] : stand_ins_) s.end();
  }

  void move_to(instant t) {
    now_ = t;
    scheduler_.move_to(t);
  }

  void count_step(std::uint64_t& steps) const {
    if (++steps < most_steps_) return;
    throw std::logic_error("espalier: the simulation does not come to rest: " + std::to_string(steps) +
                           " steps at one instant\n" + last_steps());
  }

  static void check_count(std::uint64_t number) {
    if (number == 0) throw std::invalid_argument("espalier: messages count from 1");
  }
  static duration check_delay(duration d) {
    if (d < duration{} || d == infinity) {
      throw std::invalid_argument("espalier: a delivery takes a finite time, 0 s or more");
    }
    return d;
  }

  /// The record of what runs now; `no_node` outside the tree.
  node_index sender() const {
    auto const* at = dynamic_cast<runtime::place const*>(scheduler_.running());
    return at == nullptr ? no_node : audit_.index(at->about());
  }

  // --- as the engine's fault injector

  void reach(runtime::fault_point where, runtime::place& at, runtime::envelope const* handled) override {
    if (where == runtime::fault_point::before_handler) {
      log_.handles(now_, at.about().name, handled->message_type());
      audit_.handles(*handled, at, at.receiving_life());
      if (watcher_ != nullptr) watcher_->handles(audit_.index(at.about()), handled->message_type());
    }
    if (where == runtime::fault_point::after_handler && watcher_ != nullptr) {
      watcher_->finishes(audit_.index(at.about()), handled->message_type());
    }
    if (faults_.crashes(where, at)) throw injected_crash();
  }

  runtime::delivery post(runtime::place& to, runtime::envelope& mail, bool may_wait) override {
    if (to.refuses(may_wait)) return {};
    runtime::answerable* const call = mail.call();
    if (call == nullptr && faults_.drops(to.about(), mail.message_type())) {
      delete &mail;
      return {true};
    }
    const node_index from = sender();
    if (call != nullptr) audit_.asked(*call, from, to);
    const node_index target = audit_.index(to.about());
    if (!deliveries_.is_direct() && deliveries_.takes_message({from, target}, to, mail, may_wait))
      return {true};
    return to.push(as_handled(to, mail), may_wait);
  }

  bool takes_notice(runtime::place* from, runtime::place& to, std::function<void()> arrive) override {
    if (deliveries_.is_direct()) return false;
    const node_index sent_by = from == nullptr ? sender() : audit_.index(from->about());
    return deliveries_.takes_notice({sent_by, audit_.index(to.about())}, std::move(arrive));
  }

  /// A message as it is put into a mailbox: for the process, or for its stand-in.
  runtime::envelope& as_handled(runtime::place& to, runtime::envelope& mail) {
    const auto instead = stand_ins_.find(&to);
    runtime::envelope& sent = instead == stand_ins_.end() ? mail : instead->second.redirect(mail);
    audit_.pushed(sent, to);
    return sent;
  }

  duration busy(runtime::place& at, runtime::envelope const& mail) override {
    return faults_.busy(at, mail.message_type());
  }

  void ended(runtime::place& at, exit_reason const& why) override {
    audit_.ended(at);
    if (watcher_ != nullptr) watcher_->ended(at, why);
  }

  void requested(record const& child) override {
    if (watcher_ != nullptr) watcher_->requested(child);
  }

  runtime::planted_mistake planted() const override { return planted_; }

  // --- as the engine's audience

  void saw(report const& r) {
    reports_.push_back(r.to_string());
    audit_.saw(r);
  }
  void saw(runtime::event const& e) {
    const trace::step step{e.what, e.about->name,
                           e.what == runtime::event_kind::ended ? e.why.kind() : reason::normal};
    trace_.add(step);
    log_.happened(now_, step);
    audit_.saw(e);
    if (watcher_ != nullptr) watcher_->happened(e);
  }

  seed seed_;
  tree_view tree_;
  virtual_scheduler scheduler_;
  instant now_{};  // as the scheduler has it
  fault_list faults_;
  deliveries deliveries_;
  audit audit_;
  step_log log_;
  espalier::trace trace_;
  std::vector<std::string> reports_;
  std::vector<std::unique_ptr<timed_crash>> timed_crashes_;
  std::unordered_map<runtime::place*, stand_in> stand_ins_;
  watcher* watcher_ = nullptr;
  runtime::planted_mistake planted_ = runtime::planted_mistake::none;
  std::uint64_t most_steps_ = 10'000'000;
  bool started_ = false;
  std::shared_ptr<void> values_;
  std::unique_ptr<runtime::engine> engine_;
};

}  // namespace espalier::testing
