// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/testing/survival.hpp>

namespace espalier {

namespace testing {

template <class T, class Values, class Scenario>
void explore_seed(survival_report& report, Values& values, Scenario& scenario, seed s) {
  policy const& p = policy_of<T>;
  run_record run(p);  // before the simulation, which tells it of its end
  auto sim = make_simulation<T>(values, s);
  sim->watch(run);
  scenario_end end;
  try {
    sim->start();
    end = play(scenario, *sim);
  } catch (start_failed const& failed) {
    end.broken = failed.what();
  }
  std::vector<std::string> broken;
  if (!end.broken.empty()) broken.push_back("the scenario " + end.broken);
  if (end.cut) broken.push_back("a call of the scenario fails and is not caught: " + end.cut->to_string());
  const std::string steps = sim->last_steps();
  const trace done = sim->trace();
  for (std::string& b : end_run(*sim, run, p)) broken.push_back(std::move(b));
  report.add_run(done);
  for (std::string& b : broken) report.add({"seed " + std::to_string(s.value), std::move(b), steps});
}

}  // namespace testing

/// Runs a scenario under the seeds 1 to `seeds`, each a schedule of its own. The scenario is a function of an
/// `es::simulation<T>&`; it breaks if it throws, or answers false. Each run must also answer every call,
/// restart only what its policy says, stop within `es::shutdown_bound`, and leave nothing behind.
/// `values` is `es::with(...)`, or a function that makes that anew for each run.
template <class T, testing::values Values, testing::scenario_of<T> Scenario>
survival_report explore(Values values, Scenario scenario, std::uint64_t seeds) {
  survival_report report("seeds");
  if constexpr (is_valid<T>) {
    for (std::uint64_t s = 1; s <= seeds; ++s) testing::explore_seed<T>(report, values, scenario, seed{s});
  } else {
    static_cast<void>(check<T>{});
  }
  return report;
}
/// The same under those seeds.
template <class T, testing::values Values, testing::scenario_of<T> Scenario>
survival_report explore(Values values, Scenario scenario, std::vector<seed> const& seeds) {
  survival_report report("seeds");
  if constexpr (is_valid<T>) {
    for (seed s : seeds) testing::explore_seed<T>(report, values, scenario, s);
  } else {
    static_cast<void>(check<T>{});
  }
  return report;
}
template <class T, testing::scenario_of<T> Scenario>
survival_report explore(Scenario scenario, std::uint64_t seeds) {
  return explore<T>(with(), std::move(scenario), seeds);
}
template <class T, testing::scenario_of<T> Scenario>
survival_report explore(Scenario scenario, std::vector<seed> const& seeds) {
  return explore<T>(with(), std::move(scenario), seeds);
}

}  // namespace espalier
