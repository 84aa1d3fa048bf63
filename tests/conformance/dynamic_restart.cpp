// Elixir's DynamicSupervisor on compiled trees: who is restarted, how often, and who takes up room meanwhile.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using told::start;

namespace {

struct child : told::planned<child> {
  using planned::planned;
};
const told::starts works{start::works};

template <class Restart, class... Options>
struct group_of : es::dynamic<es::child<child, Restart>, Options...> {};

const es::exit_reason killed = es::reason::killed;
const es::exit_reason normal = es::reason::normal;
const es::exit_reason shutdown = es::reason::shutdown;
const es::exit_reason with_term{es::reason::shutdown, "signal"};
const es::exit_reason whatever{es::reason::crashed, "whatever"};

/// A child ends; then the children are counted.
template <class Group>
es::child_counts after_end(es::simulation<Group>& sim, es::exit_reason const& why) {
  INFO("ends with ", why.to_string());
  const auto one = sim.template start_child<Group>(works);
  told::to_end(sim, one, why);
  CHECK(sim.contains(es::trace{}.started<child>().ended<child>(why.kind())));
  const es::child_counts counts = sim.template count_children<Group>();
  CHECK(told::life(sim, one) == (counts.active == 0 ? 0 : 2));
  return counts;
}

TEST_CASE(
    "temporary child not restarted: nor a transient one after a clean end, and a permanent one always") {
  const es::child_counts none{};
  const es::child_counts one{1, 1, 0, 1};
  for (es::exit_reason const& why : {normal, shutdown, with_term, whatever, killed}) {
    es::simulation<group_of<es::temporary>> temporary;
    CHECK(after_end(temporary, why) == none);
    CHECK(temporary.reports().size() == (es::plan::class_of(why.kind()) == es::plan::exit_class::abnormal));
  }
  for (es::exit_reason const& why : {normal, shutdown, with_term}) {
    es::simulation<group_of<es::transient>> transient;
    CHECK(after_end(transient, why) == none);
    CHECK(transient.reports().empty());
  }
  for (es::exit_reason const& why : {whatever, killed}) {
    es::simulation<group_of<es::transient>> transient;
    CHECK(after_end(transient, why) == one);
    CHECK(transient.reports().size() == 1);
  }
  using many = group_of<es::permanent, es::intensity<100'000, 5_s>>;
  es::simulation<many> permanent;
  std::size_t n = 0;
  for (es::exit_reason const& why : {normal, shutdown, with_term, whatever, killed}) {
    ++n;
    CHECK(after_end(permanent, why) == es::child_counts{n, n, 0, n});
    CHECK(permanent.reports().size() == n);
  }
}

/// Its restarts do what the test says at the moment.
struct moody : told::process<moody> {
  static inline std::string mood;
  static std::optional<moody> make(es::context<moody>& self) {
    if (mood == "ignore" && self.incarnation() != 1) return {};
    return std::optional<moody>(std::in_place);
  }
  es::task<void> init(es::context<moody>& self) {
    if (mood != "error" || self.incarnation() == 1) co_return;
    co_await self.sleep(1_ms);
    throw std::runtime_error("found");
  }
};

TEST_CASE("child is restarted with different values: it runs, is dropped, or waits for its restart") {
  struct moodies : es::dynamic<es::child<moody, es::start<&moody::make>>, es::intensity<100'000, 5_s>> {};
  es::simulation<moodies> sim;
  auto restart_with = [&](std::string mood) {
    const auto one = sim.start_child<moodies>();
    moody::mood = std::move(mood);
    told::to_end(sim, one, es::reason::shutdown);
    return one;
  };
  const auto first = restart_with("ok");
  CHECK(told::life(sim, first) == 2);
  CHECK(sim.count_children<moodies>() == es::child_counts{1, 1, 0, 1});
  const auto second = restart_with("ok");
  CHECK(told::life(sim, second) == 2);
  CHECK(sim.count_children<moodies>() == es::child_counts{2, 2, 0, 2});
  const auto third = restart_with("ignore");
  CHECK(sim.try_call(third, moody::ping{}).reason() == es::reason::noproc);
  CHECK(sim.count_children<moodies>() == es::child_counts{2, 2, 0, 2});
  const auto fourth = restart_with("error");
  CHECK(sim.count_children<moodies>() == es::child_counts{3, 2, 0, 3});
  const auto fifth = restart_with("error");
  CHECK(sim.count_children<moodies>() == es::child_counts{4, 2, 0, 4});
  CHECK(told::children<moodies>(sim) == "moody running, moody running, moody restarting, moody restarting");
  sim.run_for(100_ms);
  CHECK(sim.count_children<moodies>() == es::child_counts{4, 2, 0, 4});
  CHECK_FALSE(sim.ended());

  moody::mood = "ok";
  sim.run_for(1_ms);  // the attempts under way fail, the next ones do not
  CHECK(sim.count_children<moodies>() == es::child_counts{4, 4, 0, 4});
  CHECK(told::life(sim, fourth) > 50);
  CHECK(told::life(sim, fifth) > 50);
}

TEST_CASE("with max_children: one more than that is refused, and has no effect") {
  using three = group_of<es::permanent, es::max_children<3>>;
  es::simulation<three> sim;
  for (int i = 0; i != 3; ++i) CHECK(sim.start_child<three>(works));
  const es::trace before = sim.trace();
  for (int i = 0; i != 2; ++i) {
    try {
      static_cast<void>(sim.start_child<three>(works));
      FAIL("it was started");
    } catch (es::call_failed const& failed) {
      CHECK(failed.reason() == es::reason::max_children);
    }
  }
  CHECK(sim.trace() == before);
  CHECK(sim.count_children<three>() == es::child_counts{3, 3, 0, 3});
  CHECK(sim.reports().empty());
}

TEST_CASE("restarting on init: a child whose restart fails, and one that is restarted, take up room") {
  using only_one = group_of<es::permanent, es::max_children<1>, es::intensity<100'000, 5_s>>;
  es::simulation<only_one> on_init;
  const auto failing = on_init.start_child<only_one>(told::starts{start::works, start::fails_late});
  told::to_end(on_init, failing, es::reason::shutdown);
  CHECK(on_init.count_children<only_one>() == es::child_counts{1, 0, 0, 1});
  CHECK_THROWS_WITH_AS(on_init.start_child<only_one>(works), doctest::Contains("failed: max_children"),
                       es::call_failed);
  CHECK(on_init.terminate_child(failing) == es::child_result::ok);
  CHECK(on_init.start_child<only_one>(works));

  es::simulation<only_one> on_exit;
  const auto back = on_exit.start_child<only_one>(works);
  told::to_end(on_exit, back, es::reason::shutdown);
  CHECK(on_exit.count_children<only_one>() == es::child_counts{1, 1, 0, 1});
  CHECK_THROWS_WITH_AS(on_exit.start_child<only_one>(works), doctest::Contains("failed: max_children"),
                       es::call_failed);
  CHECK(told::life(on_exit, back) == 2);
}

TEST_CASE("child is restarted when trying again: the second attempt works, and both are counted") {
  using group = group_of<es::permanent, es::intensity<2, 5_s>>;
  es::simulation<group> sim;
  const auto one = sim.start_child<group>(told::starts{start::works, start::fails, start::works});
  told::to_end(sim, one, es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.started<child>().stopped<child>().restarting<child>().started<child>()));
  CHECK(sim.count_children<group>() == es::child_counts{1, 1, 0, 1});
  CHECK(told::life(sim, one) == 3);
  told::to_end(sim, one, es::reason::shutdown);  // the third
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.gave_up());
}

template <long long Most>
void gives_up_after_attempts() {
  using group = group_of<es::permanent, es::intensity<Most, 5_s>>;
  es::simulation<group> sim;
  const auto one = sim.template start_child<group>(told::starts{start::works, start::fails});
  told::to_end(sim, one, es::reason::shutdown);
  es::trace expected = es::trace{}.started<child>().stopped<child>();
  for (long long i = 0; i != Most; ++i) expected = std::move(expected).restarting<child>();
  CHECK(sim.matches(std::move(expected).gave_up<group>().template stopped<group>()));
  CHECK(sim.wait() == es::reason::shutdown);
  CHECK(sim.gave_up());
}

TEST_CASE("child triggers maximum restarts: at once, and after failing attempts") {
  gives_up_after_attempts<1>();
  gives_up_after_attempts<10>();
  using never = group_of<es::permanent, es::intensity<0, 5_s>>;
  es::simulation<never> sim;
  told::to_end(sim, sim.start_child<never>(works), es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.started<child>().stopped<child>().gave_up<never>().stopped<never>()));
}

}  // namespace
