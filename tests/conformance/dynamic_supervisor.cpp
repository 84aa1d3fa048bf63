// Elixir's DynamicSupervisor on compiled trees: what is declared, and how children start.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct worker : told::process<worker> {};

TEST_CASE("can be supervised directly: dynamic supervisors are children by their own names, and empty") {
  struct first : es::dynamic<worker> {};
  struct second : es::dynamic<worker> {};
  struct tree : es::supervisor<first, second> {};
  static_assert(!es::is_valid<es::supervisor<first, second, first>>);
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "first running, second running");
  CHECK(sim.count_children<tree>() == es::child_counts{2, 2, 2, 0});
  CHECK(sim.which_children<first>().empty());
  CHECK(sim.which_children<second>().empty());
  CHECK(sim.start_child<second>());
  CHECK(sim.which_children<first>().empty());
  CHECK(told::children<second>(sim) == "worker running");
}

struct never_goes : told::process<never_goes> {
  es::task<void> terminate(es::exit_reason const&, es::context<never_goes>& self) {
    co_await self.sleep(es::infinity);
  }
};

TEST_CASE(
    "use/2 generates child_spec/1; init/1 set default options: permanent, infinity, 1 in 5 s, no bound") {
  struct plain : es::dynamic<worker> {};
  struct patient : es::dynamic<es::child<never_goes, es::shutdown<10_h>>> {};
  struct tree : es::supervisor<plain, patient> {};
  es::simulation<tree> sim;
  const auto one = sim.start_child<plain>();
  for (int i = 0; i != 3; ++i) {  // far enough apart
    told::to_crash(sim, one);
    sim.run_for(5_s + 1_ms);
  }
  CHECK(told::life(sim, one) == 4);
  told::to_crash(sim, one);
  told::to_crash(sim, one);                                                             // too close
  CHECK(sim.contains(es::trace{}.gave_up<plain>().stopped<plain>().started<plain>()));  // permanent

  for (int i = 0; i != 10'000; ++i) static_cast<void>(sim.start_child<plain>());
  CHECK(sim.count_children<plain>().active == 10'000);
  static_cast<void>(sim.start_child<patient>());
  const es::duration asked = sim.elapsed();
  sim.stop();
  CHECK(sim.elapsed() == asked + 10_h);  // nothing else limits it
}

template <class... Options>
constexpr bool accepts = es::is_valid<es::dynamic<worker, Options...>>;

TEST_CASE("start_link/3 non-ok init: every valid option is accepted, and a bad one not") {
  static_assert(accepts<>);
  static_assert(accepts<es::intensity<0, 1_s>>);
  static_assert(accepts<es::intensity<1000, 1_h>>);
  static_assert(accepts<es::max_children<1>, es::intensity<3, 5_s>>);
  static_assert(!accepts<es::one_for_one>);
  static_assert(!accepts<es::rest_for_one>);
  static_assert(!accepts<es::intensity<-1, 5_s>>);
  static_assert(!accepts<es::intensity<1, 0_s>>);
  static_assert(!accepts<es::max_children<-1>>);
  static_assert(!accepts<es::auto_shutdown_any>);
  static_assert(!accepts<es::auto_shutdown_all>);
  struct registered : es::dynamic<worker> {};
  es::simulation<registered> sim;
  CHECK(sim.which_children<registered>().empty());  // the type is its name
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.stopped<registered>()));
}

/// Says what it was started with, and uses it up.
struct greeter : told::process<greeter> {
  using told::process<greeter>::handle;
  using args = es::arguments<std::string, int>;
  struct words {
    using reply = std::string;
  };
  greeter(std::string who, int times) : name(std::move(who)), left(times) {}
  std::string handle(words) {
    --left;
    return name + std::to_string(left + 1);
  }
  std::string name;
  int left;
};
struct greeters : es::dynamic<es::child<greeter, es::transient>> {};

/// Starts one, with what it is told.
struct host : told::process<host> {
  using told::process<host>::handle;
  using starts = es::processes<greeters>;
  struct invite {
    std::string who;
    using reply = es::ref<greeter>;
  };
  es::task<es::ref<greeter>> handle(invite m, es::context<host>& self) {
    const auto guest = co_await self.start_child<greeters>(m.who, 9);
    co_return guest;
  }
};
struct house : es::supervisor<greeters, host> {};

TEST_CASE("start_child/2: a child gets the arguments of its start, from outside and from a process") {
  es::simulation<house> sim;
  std::string name = "anna";
  const auto anna = sim.start_child<greeters>(name, 3);
  name = "somebody else";
  const auto bert = sim.call<host>(host::invite{"bert"});
  const auto carl = sim.start_child<greeters>("carl", short{7});
  CHECK(sim.call(anna, greeter::words{}) == "anna3");
  CHECK(sim.call(bert, greeter::words{}) == "bert9");
  CHECK(sim.call(carl, greeter::words{}) == "carl7");
  CHECK(told::children<greeters>(sim) == "greeter running, greeter running, greeter running");
}

TEST_CASE("restarting a child with extra_arguments: it gets the same again, and not what became of them") {
  es::simulation<house> sim;
  const auto anna = sim.start_child<greeters>("anna", 3);
  const auto bert = sim.start_child<greeters>("bert", 5);
  CHECK(sim.call(anna, greeter::words{}) == "anna3");
  CHECK(sim.call(anna, greeter::words{}) == "anna2");
  CHECK(sim.call(bert, greeter::words{}) == "bert5");
  told::to_end(sim, anna, es::exit_reason{es::reason::crashed, "oops"});
  CHECK(sim.call(anna, greeter::words{}) == "anna3");
  CHECK(sim.call(bert, greeter::words{}) == "bert4");
  CHECK(told::life(sim, anna) == 2);
  CHECK(sim.count_children<greeters>() == es::child_counts{2, 2, 0, 2});
}

/// Starts in every way that a start function, a constructor and `init` have.
struct various : told::process<various> {
  static inline std::string way;
  static std::optional<various> make() {
    if (way == "ignore") return {};
    if (way == "raise") throw std::runtime_error("oops");
    if (way == "throw") throw 5;
    return std::optional<various>(std::in_place);
  }
  es::task<void> init(es::context<various>& self) {
    if (way == "late") {
      co_await self.sleep(1_s);
      throw std::string("too late");
    }
    if (way == "exit") self.stop(es::exit_reason{es::reason::crashed, "oops"});
    if (way == "done") self.stop();
  }
};
struct all_sorts : es::dynamic<es::child<various, es::start<&various::make>>> {};

/// What is answered to a start.
std::string answer_to(es::simulation<all_sorts>& sim, std::string way) {
  various::way = std::move(way);
  try {
    return sim.start_child<all_sorts>() ? "ok" : "ignore";
  } catch (es::call_failed const& failed) {
    return failed.reason().to_string();
  }
}

TEST_CASE(
    "with different returns; with throw/error/exit: the answer says what happened, and nobody else ends") {
  es::simulation<all_sorts> sim;
  CHECK(answer_to(sim, "ok") == "ok");
  CHECK(answer_to(sim, "ignore") == "ignore");
  CHECK(answer_to(sim, "raise") == "crashed: std::runtime_error: oops");
  CHECK(answer_to(sim, "throw") == "crashed: int: 5");
  CHECK(answer_to(sim, "late") == "crashed: std::string: too late");
  CHECK(answer_to(sim, "exit") == "crashed: oops");
  CHECK(answer_to(sim, "done") == "normal");
  CHECK(answer_to(sim, "ok") == "ok");
  CHECK(told::children<all_sorts>(sim) == "various running, various running");
  CHECK(sim.matches(es::trace{}.started<various>().started<various>()));
  CHECK(sim.reports().empty());
}

}  // namespace
