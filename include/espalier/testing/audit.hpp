// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/engine.hpp>
#include <espalier/testing/deliveries.hpp>
#include <unordered_map>
#include <vector>

// What must hold in every run, whatever is injected. The audit counts by itself, and believes neither the
// engine nor the plan:
//
//   1. Every call is answered (promise 3). The audit puts itself into the return address, and passes on.
//   2. A message is handled by the incarnation that was alive when it was pushed, or by the next one if none
//      was (SEMANTICS 2), but for `keep_mailbox`.
//   3. A supervisor hears of each end once.
//   4. No timer outlives its process.
//   5. A supervisor that has counted more restarts within its period than it may does not start a child.
//   6. In the end nothing is left: no life, no message, no timer, nothing to run.
namespace espalier::testing {

class audit final : public runtime::reply_sink {
 public:
  audit(tree_view tree, virtual_scheduler& runs, deliveries& under_way)
      : tree_(tree), runs_(runs), under_way_(under_way), nodes_(tree.size) {}
  ~audit() {
    for (auto& [mail, r] : open_) delete mail;  // lost by the engine, so nobody else frees them
  }

  node_index index(record const& r) const { return static_cast<node_index>(&r - tree_.records); }

  /// A call is on its way.
  void asked(runtime::answerable& mail, node_index by, runtime::place& of) {
    open_[&mail] = {mail.from.to, by, index(of.about())};
    mail.from.to = this;
  }

  void deliver(runtime::answerable& answered) noexcept override {
    auto* const instead = dynamic_cast<runtime::stand_in_answer*>(&answered);
    const auto at = open_.find(instead != nullptr ? instead->stands_for : &answered);
    const request r = at->second;
    open_.erase(at);
    answered.from.to = r.asked_by;
    if (!under_way_.is_direct() && under_way_.takes_answer({r.callee, r.caller}, *r.asked_by, answered))
      return;
    r.asked_by->deliver(answered);
  }

  /// A message is put into a mailbox.
  void pushed(runtime::envelope const& mail, runtime::place& to) { lives_[&mail] = to.receiving_life(); }

  void handles(runtime::envelope const& mail, runtime::place& at, std::uint64_t life) {
    if (!mail.is_message()) return;
    const auto found = lives_.find(&mail);
    if (found == lives_.end()) return;
    if (found->second != 0 && found->second != life && !at.about().keep_mailbox) {
      breaks("a message for incarnation " + std::to_string(found->second) + " of " + name(at.about()) +
             " is handled by incarnation " + std::to_string(life));
    }
    lives_.erase(found);
  }

  /// The life of a place is over.
  void ended(runtime::place& at) {
    ++nodes_[index(at.about())].died;
    if (at.has_timers()) breaks("a timer of " + name(at.about()) + " outlives its process");
  }

  void saw(runtime::event const& e) {
    const node_index i = index(*e.about);
    if (e.what == runtime::event_kind::ended && !e.about->supervisor && ++nodes_[i].told > nodes_[i].died) {
      breaks("the supervisor of " + name(*e.about) + " was told of an end that did not happen");
    }
    // A supervisor that starts again has counted nothing.
    if (e.what == runtime::event_kind::ended && e.about->supervisor) supervised_.erase(e.node_about);
    if (e.supervisor == nullptr) return;
    supervised& by = supervised_[e.supervisor];
    if (e.what == runtime::event_kind::started || e.what == runtime::event_kind::restarting) {
      // The attempt that follows a failed restart has been counted by now, if no sibling's restart came
      // first.
      const auto failed = by.failed.find(i);
      if (failed != by.failed.end()) by.restarts.push_back(failed->second);
      by.failed.erase(i);
      if (e.what == runtime::event_kind::restarting) by.failed[i] = runs_.now();
    }
    if (e.what == runtime::event_kind::started && is_over_budget(by, tree_[e.about->parent])) {
      breaks(name(tree_[e.about->parent]) + " restarts " + name(*e.about) +
             " and should have given up: more than " + std::to_string(tree_[e.about->parent].max_restarts) +
             " restarts within " + detail::to_string(tree_[e.about->parent].period));
    }
  }

  void saw(report const& r) {
    if (r.kind != report_kind::child_terminated || r.action != report_action::restarting) return;
    const node_index s = index(*r.supervisor_record);
    supervised& by = supervised_[r.supervisor_node];
    by.restarts.push_back(runs_.now());
    for (node_index i = s + 1; i < tree_[s].end; i = tree_[i].end) {
      const bool covered =
          tree_[s].strategy == strategy_kind::one_for_all || tree_[i].number == r.child_record->number ||
          (tree_[s].strategy == strategy_kind::rest_for_one && tree_[i].number > r.child_record->number);
      if (covered) by.failed.erase(i);
    }
  }

  /// After the tree has ended. Each function that was left behind, and has not returned, has a timer armed.
  template <class Predicate>
  void finish(Predicate holds_nothing, std::size_t left_behind) {
    std::vector<std::string> unanswered;
    for (auto const& [mail, r] : open_) {
      unanswered.push_back("a call from " + (r.caller == no_node ? "outside" : name(tree_[r.caller])) +
                           " to " + name(tree_[r.callee]) +
                           " was never answered: " + std::string(detail::view(mail->message_type())));
    }
    std::sort(unanswered.begin(), unanswered.end());  // the map's order is that of addresses
    for (std::string& u : unanswered) breaks(std::move(u));
    for (node_index i = 0; i != tree_.size; ++i) {
      if (!holds_nothing(i)) breaks(name(tree_[i]) + " left something behind");
    }
    if (runs_.armed_timers() != left_behind)
      breaks("timers are armed after the end: " + std::to_string(runs_.armed_timers() - left_behind));
    if (!runs_.is_idle()) breaks("something is to be run after the end");
  }

  /// What did not hold, one sentence each.
  std::vector<std::string> const& broken() const { return broken_; }
  void breaks(std::string sentence) { broken_.push_back(std::move(sentence)); }

 private:
  struct request {
    runtime::reply_sink* asked_by = nullptr;
    node_index caller = no_node;
    node_index callee = no_node;
  };
  struct counted {
    std::uint64_t died = 0;  // of a process, as its place says
    std::uint64_t told = 0;  // as its supervisor says
  };
  /// By one supervisor.
  struct supervised {
    std::vector<instant> restarts;                   // within its period
    std::unordered_map<node_index, instant> failed;  // the last restart, if that is still to be tried again
  };

  static std::string name(record const& r) { return std::string(detail::view(r.name)); }

  bool is_over_budget(supervised& by, record const& supervisor) {
    std::erase_if(by.restarts, [&](instant t) { return t + supervisor.period < runs_.now(); });
    return by.restarts.size() > static_cast<std::size_t>(std::max(0LL, supervisor.max_restarts));
  }

  tree_view tree_;
  virtual_scheduler& runs_;
  deliveries& under_way_;
  std::vector<counted> nodes_;
  std::unordered_map<void const*, supervised> supervised_;
  std::unordered_map<runtime::envelope*, request> open_;
  std::unordered_map<runtime::envelope const*, std::uint64_t> lives_;
  std::vector<std::string> broken_;
};

}  // namespace espalier::testing
