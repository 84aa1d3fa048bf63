// What the tests after OTP's suite share: processes that end as they are told, and answers as short text.
#pragma once

#include <espalier/testing.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "scripted.hpp"

namespace told {

/// Also ends for a reason with a text, as with OTP's {shutdown, Term}.
template <class Self>
struct process : scripted<Self> {
  using scripted<Self>::handle;
  struct end {
    espalier::exit_reason why;
  };
  void handle(end m, espalier::context<Self>& self) { self.stop(m.why); }
};

/// Has a process end by itself, and runs what follows from it now.
template <class Name, class T>
void to_end(espalier::simulation<T>& sim, espalier::exit_reason why) {
  sim.template cast<Name>(typename espalier::process_of<Name>::end{std::move(why)});
  sim.run_until_idle();
}
template <class Name, class T>
void to_crash(espalier::simulation<T>& sim) {
  sim.template cast<Name>(typename espalier::process_of<Name>::crash{});
  sim.run_until_idle();
}

/// The incarnation that answers, or 0 if none does.
template <class Name, class T>
std::uint64_t life(espalier::simulation<T>& sim) {
  auto answer =
      sim.template try_call<Name>(typename espalier::process_of<Name>::ping{}, espalier::duration{});
  return answer ? *answer : 0;
}

// The same for a dynamic child.
template <class P, class T>
void to_end(espalier::simulation<T>& sim, espalier::ref<P> const& child, espalier::exit_reason why) {
  sim.cast(child, typename P::end{std::move(why)});
  sim.run_until_idle();
}
template <class P, class T>
void to_crash(espalier::simulation<T>& sim, espalier::ref<P> const& child) {
  sim.cast(child, typename P::crash{});
  sim.run_until_idle();
}
template <class P, class T>
std::uint64_t life(espalier::simulation<T>& sim, espalier::ref<P> const& child) {
  auto answer = sim.try_call(child, typename P::ping{}, espalier::duration{});
  return answer ? *answer : 0;
}

/// What becomes of a start: it throws at once, or after 2 s as that of OTP's supervisor_deadlock.
enum class start : unsigned char { works, fails, fails_late };
/// What becomes of the starts of a child, one after the other. The last one holds for all that follow.
using starts = std::vector<start>;

/// A dynamic child that is told what becomes of its starts.
template <class Self>
struct planned : process<Self> {
  using args = espalier::arguments<starts>;
  planned(espalier::context<Self>& self, starts all)
      : this_time(all.at(std::min<std::size_t>(self.incarnation(), all.size()) - 1)) {
    if (this_time == start::fails) throw std::runtime_error("told to fail");
  }
  espalier::task<void> init(espalier::context<Self>& self) {
    if (this_time != start::fails_late) co_return;
    co_await self.sleep(espalier::duration{2'000'000'000});
    throw std::runtime_error("told to fail late");
  }
  start this_time;
};

/// The children of a supervisor: "a running, b stopped".
template <class S, class T>
std::string children(espalier::simulation<T>& sim) {
  constexpr std::string_view words[] = {"running", "starting", "stopping", "restarting", "stopped"};
  std::string out;
  for (espalier::child_info const& c : sim.template which_children<S>()) {
    if (!out.empty()) out += ", ";
    out.append(c.name->text, c.name->size).append(1, ' ');
    out += words[static_cast<unsigned char>(c.status)];
  }
  return out;
}

/// The reports: "child_terminated tree/a (permanent) crashed".
inline std::vector<std::string> reports(espalier::testing::simulated_tree const& sim) {
  auto word_after = [](std::string const& text, std::string_view mark, std::string_view ends) {
    const std::size_t from = text.find(mark) + mark.size();
    return text.substr(from, text.find_first_of(ends, from) - from);
  };
  std::vector<std::string> out;
  for (std::string const& r : sim.reports()) {
    out.push_back(word_after(r, "espalier: ", "\n") + ' ' + word_after(r, "child       ", ",\n") + ' ' +
                  word_after(r, "reason      ", ":;\n"));
  }
  return out;
}
using lines = std::vector<std::string>;

}  // namespace told
