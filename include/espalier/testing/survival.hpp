// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/testing/simulation.hpp>

// What one run of a scenario did, and what must hold for it. Common to `explore` and `crash_everywhere`.
namespace espalier {

/// What came of many runs of a scenario. True if nothing broke. Prints in a failing test.
class survival_report {
 public:
  /// Something that did not hold in one run.
  struct finding {
    std::string where;  // which run: its seed, or where it crashed
    std::string what;
    std::string last_steps;
  };

  explicit survival_report(std::string what_is_tried) : unit_(std::move(what_is_tried)) {}

  explicit operator bool() const { return findings_.empty(); }
  /// How many crash points or seeds have been tried.
  std::size_t tried() const { return tried_; }
  /// What broke, in the order of the runs.
  std::vector<finding> const& findings() const { return findings_; }
  /// How many of them ended the tree as its declaration says: a significant child, or an intensity of 0.
  std::size_t ended_as_declared() const { return ended_as_declared_; }
  /// How many of them ended the scenario early by a failed call that it did not catch.
  std::size_t cut_short() const { return cut_short_; }
  /// How many different traces there were.
  std::size_t traces() const { return traces_.size(); }

  std::string to_string() const {
    constexpr std::size_t shown = 5;
    std::string out = "\n  " + std::to_string(tried_) + " " + unit_ + " tried, " +
                      std::to_string(findings_.size()) + " findings, " + std::to_string(traces_.size()) +
                      " different traces";
    if (ended_as_declared_ != 0) {
      out += ", " + std::to_string(ended_as_declared_) + " ended the tree as declared";
    }
    if (cut_short_ != 0) out += ", " + std::to_string(cut_short_) + " cut the scenario short";
    out += "\n";
    for (std::size_t i = 0; i != findings_.size() && i != shown; ++i) {
      out += "  " + findings_[i].where + ": " + findings_[i].what + "\n";
      if (i == 0) out += findings_[i].last_steps;
    }
    if (findings_.size() > shown) out += "  and " + std::to_string(findings_.size() - shown) + " more\n";
    return out;
  }
  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      survival_report const& r) {
    return out << r.to_string().c_str();
  }

  // For the harnesses.
  void add_run(trace const& t) {
    ++tried_;
    if (std::find(traces_.begin(), traces_.end(), t) == traces_.end()) traces_.push_back(t);
  }
  void add(finding f) { findings_.push_back(std::move(f)); }
  void add_end_as_declared() { ++ended_as_declared_; }
  void add_cut() { ++cut_short_; }

 private:
  std::string unit_;
  std::size_t tried_ = 0;
  std::size_t ended_as_declared_ = 0;
  std::size_t cut_short_ = 0;
  std::vector<finding> findings_;
  std::vector<trace> traces_;
};

namespace testing {

/// What the declaration of a tree says about crashes, for code that does not know its type.
struct policy {
  using flags = std::vector<unsigned char>;  // by record

  tree_view tree;
  duration shutdown_bound;
  /// The records that end because a process crashes, or because a supervisor ends by itself.
  flags (*ended_by)(node_index) = nullptr;
  /// The records that may end, also through failed calls.
  flags (*exposed_to)(node_index process) = nullptr;
};

template <class T>
policy::flags ended_by(node_index i) {
  policy::flags in(detail::view_of<T>.size);
  const detail::outage o = detail::crash(detail::view_of<T>, i);
  for (node_index n = o.first; n != o.last; ++n) in[n] = 1;
  return in;
}
template <class T>
policy::flags exposed_to(node_index process) {
  node_index mark[detail::view_of<T>.size] = {};
  node_index list[detail::view_of<T>.size] = {};
  detail::reach reached{mark, list};
  detail::expose(detail::outages_of<T>.data(), detail::callers_of<T>, process, reached);
  policy::flags in(detail::view_of<T>.size);
  for (std::size_t i = 0; i != reached.size; ++i) in[list[i]] = 1;
  return in;
}
template <class T>
inline constexpr policy policy_of{detail::view_of<T>, shutdown_bound<T>, &ended_by<T>, &exposed_to<T>};

/// One run, as it is seen from outside the engine.
class run_record final : public simulated_tree::watcher {
 public:
  struct message {
    node_index process = 0;
    type_id type = {};
  };
  struct death {
    node_index process = 0;
    exit_reason why;
  };

  explicit run_record(policy const& p) : policy_(p), started_(p.tree.size), gave_up_(p.tree.size) {}

  std::vector<message> const& handled() const { return handled_; }    // in the order of their begin
  std::vector<message> const& finished() const { return finished_; }  // in the order of their end
  std::vector<death> const& deaths() const { return deaths_; }        // by itself: nobody had asked for it
  bool gave_up(node_index supervisor) const { return gave_up_[supervisor] != 0; }
  /// Whether a supervisor has given up or shut itself down.
  bool has_fallen(node_index supervisor) const {
    return std::find(fallen_.begin(), fallen_.end(), supervisor) != fallen_.end();
  }
  /// Whether a process has begun, or finished, its message of that number.
  bool has_come_to(node_index process, std::uint64_t number, bool finished) const {
    auto const& all = finished ? finished_ : handled_;
    auto of_it = [&](message const& m) { return m.process == process; };
    return static_cast<std::uint64_t>(std::count_if(all.begin(), all.end(), of_it)) >= number;
  }
  std::vector<std::string> const& unexplained() const { return unexplained_; }

  /// From now on messages are not recorded.
  void end_of_scenario() { in_scenario_ = false; }

  void handles(node_index process, type_id m) override {
    if (in_scenario_) handled_.push_back({process, m});
  }
  void finishes(node_index process, type_id m) override {
    if (in_scenario_) finished_.push_back({process, m});
  }
  void ended(runtime::place& at, exit_reason const& why) override {
    if (!at.is_stopping()) deaths_.push_back({index(at.about()), why});
  }
  void requested(record const& child) override { requested_.push_back(index(child)); }
  void happened(runtime::event const& e) override {
    const node_index i = index(*e.about);
    if (e.what == runtime::event_kind::gave_up) gave_up_[i] = 1;
    if (e.what == runtime::event_kind::ended && e.about->supervisor && e.why.cause() != nullptr) {
      fallen_.push_back(i);
    }
    if (e.what != runtime::event_kind::started) return;
    const bool is_again = !e.about->supervisor && !policy_.tree.is_pattern(i) && started_[i] != 0;
    if (is_again && !is_explained(i)) {
      unexplained_.push_back(std::string(detail::view(e.about->name)) +
                             " is restarted, nobody asked for it, and it is in the radius of no process that "
                             "has ended by itself");
    }
    started_[i] = 1;
  }

 private:
  node_index index(record const& r) const { return static_cast<node_index>(&r - policy_.tree.records); }

  bool is_explained(node_index process) const {
    auto ends = [&](node_index by) { return policy_.ended_by(by)[process] != 0; };
    return std::any_of(deaths_.begin(), deaths_.end(), [&](death const& d) { return ends(d.process); }) ||
           std::any_of(fallen_.begin(), fallen_.end(), ends) ||
           std::any_of(requested_.begin(), requested_.end(), ends);
  }

  policy const& policy_;
  std::vector<message> handled_;
  std::vector<message> finished_;
  std::vector<death> deaths_;
  std::vector<node_index> requested_;  // children that administrators restarted
  policy::flags started_;              // at least once
  policy::flags gave_up_;
  std::vector<node_index> fallen_;  // supervisors, in the order of their ends by themselves
  std::vector<std::string> unexplained_;
  bool in_scenario_ = true;
};

/// How a scenario ended.
struct scenario_end {
  std::string broken;              // a sentence, or empty
  std::optional<exit_reason> cut;  // by a failed call
};

template <class Scenario, class Simulation>
scenario_end play(Scenario& scenario, Simulation& sim) {
  using result = std::invoke_result_t<Scenario&, Simulation&>;
  try {
    if constexpr (std::is_void_v<result>) {
      scenario(sim);
    } else if (!static_cast<bool>(scenario(sim))) {
      return {"does not hold", {}};
    }
  } catch (call_failed const& failed) {
    return {{}, failed.reason()};
  } catch (...) {
    return {"throws " + detail::caught([] { throw; })->to_string(), {}};
  }
  return {};
}

/// Stops the tree, and says what does not hold of any run: see `audit`; a stop within its bound; restarts
/// that are explained.
inline std::vector<std::string> end_run(simulated_tree& sim, run_record const& run, policy const& p) {
  const duration before = sim.elapsed();
  sim.stop();  // also one that has ended by itself, with what is still under way in it
  std::vector<std::string> out = sim.broken();
  out.insert(out.end(), run.unexplained().begin(), run.unexplained().end());
  if (!sim.ended()) {
    out.push_back("the tree does not stop");
    return out;
  }
  const duration took = sim.elapsed() - before;
  if (took > p.shutdown_bound) {
    out.push_back("the stop takes " + detail::to_string(took) + ", and is bounded by " +
                  detail::to_string(p.shutdown_bound));
  }
  const std::size_t known = sim.broken().size();
  sim.audit_end();
  out.insert(out.end(), sim.broken().begin() + static_cast<std::ptrdiff_t>(known), sim.broken().end());
  return out;
}

template <class T, class... C>
std::unique_ptr<simulation<T>> make_simulation(given<C...> const& values, seed s) {
  return std::make_unique<simulation<T>>(not_started, values, s);
}
template <class T, class Factory>
requires std::is_invocable_v<Factory&> std::unique_ptr<simulation<T>> make_simulation(Factory& factory,
                                                                                      seed s) {
  return std::make_unique<simulation<T>>(not_started, factory(), s);
}

template <class V>
inline constexpr bool is_given = false;
template <class... C>
inline constexpr bool is_given<given<C...>> = true;

/// Values for a simulation: `es::with(...)`, or a function that makes them anew for each run.
template <class V>
concept values = is_given<V> || requires(V& make) {
  make();
};
template <class S, class T>
concept scenario_of = std::is_invocable_v < S&,
        simulation<T>
& > ;

}  // namespace testing
}  // namespace espalier
