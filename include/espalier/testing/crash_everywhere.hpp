// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/testing/survival.hpp>

namespace espalier {

namespace testing {

/// Where a run is to crash.
struct crash_point {
  node_index process = 0;
  std::uint64_t number = 0;  // of the message, from 1
  type_id message = {};
  bool after = false;
};

/// Judges a run with a crash by the run without one.
class crash_judge {
 public:
  crash_judge(policy const& p, run_record const& calm, policy::flags up_at_end, bool ended)
      : policy_(p), calm_(calm), up_(std::move(up_at_end)), ended_(ended) {}

  /// After the scenario and its aftermath, before the stop.
  std::vector<std::string> judge(simulated_tree& sim, run_record const& run, node_index crashed,
                                 bool& ended_as_declared) const {
    std::vector<std::string> out;
    const policy::flags declared = policy_.ended_by(crashed);
    for (run_record::death const& d : run.deaths()) {
      if (!is_explained(d, run)) out.push_back(name(d.process) + " ends by itself: " + d.why.to_string());
    }
    for (node_index s = 0; s != policy_.tree.size; ++s) {
      if (run.gave_up(s) && !calm_.gave_up(s) && (s == 0 || declared[s] == 0)) {
        out.push_back("the budget of " + name(s) + " did not hold: it gave up");
      }
    }
    if (sim.ended()) {
      if (ended_ || sim.gave_up()) return out;
      ended_as_declared = declared[0] != 0 || is_injected(sim.wait());
      if (!ended_as_declared) out.push_back("the tree ended");
      return out;
    }
    for (node_index i = 0; i != policy_.tree.size; ++i) {
      if (up_[i] != 0 && !sim.is_up(i) && !may_be_gone(i, run, declared)) {
        out.push_back(name(i) + " is not up again");
      }
    }
    return out;
  }

 private:
  std::string name(node_index i) const { return std::string(detail::view(policy_.tree[i].name)); }

  /// Whether the injected crash is the reason, or behind it.
  static bool is_injected(exit_reason const& why) {
    exit_reason const* last = &why;
    while (last->cause() != nullptr) last = last->cause();
    return last->text().starts_with("espalier::injected_crash");
  }

  /// Whether it, or a supervisor above it, is not restarted, as declared: a temporary one, or a transient
  /// supervisor that ends by itself because of the injected crash.
  bool may_be_gone(node_index i, run_record const& run, policy::flags const& declared) const {
    for (; i != no_node; i = policy_.tree[i].parent) {
      if (policy_.tree[i].restart == restart_kind::temporary) return true;
      const bool for_good = policy_.tree[i].restart == restart_kind::transient && run.has_fallen(i);
      if (for_good && declared[i] != 0) return true;
    }
    return false;
  }

  /// Whether the injected crash, a failed call, or the scenario itself is the cause.
  bool is_explained(run_record::death const& d, run_record const& run) const {
    if (d.why == reason::normal || d.why == reason::shutdown) return true;  // its own decision
    if (is_injected(d.why)) return true;
    for (run_record::death const& c : calm_.deaths()) {
      if (c.process == d.process && c.why == d.why) return true;
    }
    if (!d.why.text().starts_with("espalier::call_failed")) return false;
    for (run_record::death const& cause : run.deaths()) {
      if (cause.process != d.process && policy_.exposed_to(cause.process)[d.process] != 0) return true;
    }
    return false;
  }

  policy const& policy_;
  run_record const& calm_;
  policy::flags up_;
  bool ended_;  // the tree, also without a crash
};

/// Lets restarts come to their end, for a minute of virtual time at the most.
inline void settle(simulated_tree& sim) {
  sim.run_until_idle();
  const duration end = sim.elapsed() + duration{60'000'000'000};
  while (!sim.is_settled() && sim.elapsed() < end) {
    sim.run_until([&] { return sim.is_settled() || sim.elapsed() >= end; });
    sim.run_until_idle();
  }
}

template <class T, class Values, class Scenario, class Invariant>
class crash_harness {
 public:
  crash_harness(Values& values, Scenario& scenario, Invariant& invariant, seed s)
      : values_(values), scenario_(scenario), invariant_(invariant), seed_(s) {}

  survival_report run() {
    run_record calm(policy_of<T>);
    policy::flags up(policy_of<T>.tree.size);
    bool ended = false;
    {
      auto sim = make_simulation<T>(values_, seed_);
      sim->watch(calm);
      std::vector<std::string> broken;
      try {
        sim->start();
        broken = run_scenario(*sim, calm, true);
      } catch (start_failed const& failed) {
        broken.push_back(failed.what());
      }
      ended = sim->ended();
      for (node_index i = 0; i != up.size(); ++i) up[i] = sim->is_up(i);
      finish(*sim, calm, "without a crash", std::move(broken));
    }
    const crash_judge judge(policy_of<T>, calm, std::move(up), ended);
    std::vector<std::uint64_t> begun(policy_of<T>.tree.size);
    for (auto const& m : calm.handled()) crash({m.process, ++begun[m.process], m.type, false}, judge);
    std::vector<std::uint64_t> done(policy_of<T>.tree.size);
    for (auto const& m : calm.finished()) crash({m.process, ++done[m.process], m.type, true}, judge);
    return std::move(report_);
  }

 private:
  void crash(crash_point point, crash_judge const& judge) {
    run_record run(policy_of<T>);  // before the simulation, which tells it of its end
    auto sim = make_simulation<T>(values_, seed_);
    sim->watch(run);
    if (point.after) {
      sim->crash_at(point.process, after_message{point.number});
    } else {
      sim->crash_at(point.process, at_message{point.number});
    }
    std::vector<std::string> broken;
    bool ended_as_declared = false;
    try {
      sim->start();
      broken = run_scenario(*sim, run, false);
      for (std::string& b : judge.judge(*sim, run, point.process, ended_as_declared)) {
        broken.push_back(std::move(b));
      }
    } catch (start_failed const& failed) {
      broken.push_back(failed.what());
    }
    if (!run.has_come_to(point.process, point.number, point.after)) {
      broken.push_back(
          "the scenario does not come here again; it depends on something else than its simulation");
    }
    if (ended_as_declared) report_.add_end_as_declared();
    report_.add_run(sim->trace());
    finish(*sim, run,
           "crash of " + std::string(detail::view(policy_of<T>.tree[point.process].name)) +
               (point.after ? " after its message " : " before its message ") + std::to_string(point.number) +
               ", " + std::string(detail::view(point.message)),
           std::move(broken));
  }

  std::vector<std::string> run_scenario(simulation<T>& sim, run_record& run, bool calm) {
    std::vector<std::string> broken;
    const scenario_end end = play(scenario_, sim);
    if (!end.broken.empty()) broken.push_back("the scenario " + end.broken);
    if (end.cut) {
      const bool silence = *end.cut == reason::timeout || *end.cut == reason::no_reply;
      if (calm || silence) broken.push_back("a call of the scenario fails: " + end.cut->to_string());
      if (!calm) report_.add_cut();
    }
    settle(sim);
    run.end_of_scenario();
    const scenario_end held = play(invariant_, sim);
    if (!held.broken.empty()) broken.push_back("the invariant " + held.broken);
    if (held.cut) broken.push_back("a call of the invariant fails: " + held.cut->to_string());
    return broken;
  }

  void finish(simulation<T>& sim, run_record const& run, std::string const& where,
              std::vector<std::string> broken) {
    const std::string steps = sim.last_steps();
    for (std::string& b : end_run(sim, run, policy_of<T>)) broken.push_back(std::move(b));
    for (std::string& b : broken) report_.add({where, std::move(b), steps});
  }

  Values& values_;
  Scenario& scenario_;
  Invariant& invariant_;
  seed seed_;
  survival_report report_{"crash points"};
};

}  // namespace testing

/// Runs a scenario once, and then once more for each message that a process handles in it, crashing that
/// process before it, and once more, crashing it after. The scenario is a function of an
/// `es::simulation<T>&`; so is the invariant, which is asked at the end of each run, when restarts have come
/// to their end. Either breaks if it throws, or answers false; only a failed call that the scenario does not
/// catch just ends it.
///
/// Each run must also keep to the declaration: a process ends by itself only by the injected crash or by a
/// failed call to one that it is exposed to; each restart is in the radius of such an end; no further
/// supervisor gives up; everybody is up again; every call is answered; the tree stops within
/// `es::shutdown_bound`, and nothing is left.
///
/// `values` is `es::with(...)`, or a function that makes that anew for each run.
template <class T, testing::values Values, testing::scenario_of<T> Scenario,
          testing::scenario_of<T> Invariant>
survival_report crash_everywhere(Values values, Scenario scenario, Invariant invariant, seed s = {}) {
  if constexpr (is_valid<T>) {
    return testing::crash_harness<T, Values, Scenario, Invariant>(values, scenario, invariant, s).run();
  } else {
    static_cast<void>(check<T>{});
    return survival_report("crash points");
  }
}
template <class T, testing::values Values, testing::scenario_of<T> Scenario>
survival_report crash_everywhere(Values values, Scenario scenario, seed s = {}) {
  return crash_everywhere<T>(
      std::move(values), std::move(scenario), [](simulation<T>&) {}, s);
}
template <class T, testing::scenario_of<T> Scenario, testing::scenario_of<T> Invariant>
survival_report crash_everywhere(Scenario scenario, Invariant invariant, seed s = {}) {
  return crash_everywhere<T>(with(), std::move(scenario), std::move(invariant), s);
}
template <class T, testing::scenario_of<T> Scenario>
survival_report crash_everywhere(Scenario scenario, seed s = {}) {
  return crash_everywhere<T>(
      with(), std::move(scenario), [](simulation<T>&) {}, s);
}

}  // namespace espalier
