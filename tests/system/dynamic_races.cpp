// Children that are started at run time: what happens to one of them while it starts or stops.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <algorithm>

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

/// Takes as long to start, and to stop, as it is told; its restart takes a second.
struct slow {
  using args = es::arguments<es::duration, es::duration>;
  struct crash {};
  slow(es::duration start, es::duration stop) : to_start(start), to_stop(stop) {}
  es::task<void> init(es::context<slow>& self) {
    co_await self.sleep(self.incarnation() == 1 ? to_start : 1_s);
  }
  es::task<void> terminate(es::exit_reason const&, es::context<slow>& self) { co_await self.sleep(to_stop); }
  void handle(crash) { throw std::runtime_error("crash"); }
  es::duration to_start, to_stop;
};
struct slows : es::dynamic<slow> {};

/// Starts and terminates them, and notes the answers.
struct opener {
  using starts = es::processes<slows>;
  struct open {
    es::duration to_start;
  };
  struct close {
    es::ref<slow> which;
  };
  struct log {
    using reply = std::string;
  };
  es::task<void> handle(open m, es::context<opener>& self) {
    try {
      const es::ref<slow> opened = co_await self.start_child<slows>(m.to_start, 0_s);
      text += opened ? "up" : "declined";
    } catch (es::call_failed const& failed) {
      text += failed.reason().to_string();
    }
  }
  es::task<void> handle(close m, es::context<opener>& self) {
    const child_result answer = co_await self.terminate_child(m.which);
    text += word(answer);
  }
  std::string handle(log) { return text; }
  std::string text;
};
struct other : es::name_for<opener> {};
struct app : es::supervisor<slows, opener, other> {};

/// Has ended before anybody may have heard of its start.
struct brief {
  struct end {};
  void init(es::context<brief>& self) { self.cast<brief, end>(); }
  void handle(end, es::context<brief>& self) { self.stop(); }
};
struct briefs : es::dynamic<es::child<brief, es::temporary>> {};

TEST_CASE("the ref of a child that ends at once is not that of the next one") {
  auto two_children = [](es::simulation<briefs>& sim) {
    const es::ref<brief> one = sim.start_child<briefs>();
    const es::ref<brief> two = sim.start_child<briefs>();
    return one != two;
  };
  const auto report = es::explore<briefs>(two_children, 100);
  CHECK_MESSAGE(report, report.to_string());
}

TEST_CASE("a child whose restart takes its time is listed as restarting") {
  es::simulation<slows> sim;
  const auto one = sim.start_child<slows>(0_s, 0_s);
  sim.cast(one, slow::crash{});
  sim.run_for(1_ms);
  REQUIRE(sim.which_children<slows>().size() == 1);
  CHECK(sim.which_children<slows>()[0].status == es::child_status::restarting);
  sim.run_for(1_s);
  CHECK(sim.which_children<slows>()[0].status == es::child_status::running);
}

TEST_CASE("a start that the end of the supervisor interrupts has failed, and was not declined") {
  es::simulation<app> sim;
  const auto one = sim.start_child<slows>(0_s, 0_s);
  const auto two = sim.start_child<slows>(0_s, 0_s);
  sim.cast<opener>(opener::open{10_s});
  sim.run_for(1_s);
  for (auto const& r : {one, two}) sim.cast(r, slow::crash{});  // more than one is too many
  sim.run_for(1_s);
  CHECK(sim.contains(es::trace{}.gave_up<slows>().stopped<slows>().started<slows>()));
  CHECK(sim.call<opener>(opener::log{}) == "shutdown");
  CHECK(sim.broken().empty());
}

TEST_CASE("who terminates a child that is being terminated waits, and does not find it then") {
  es::simulation<app> sim;
  const auto one = sim.start_child<slows>(0_s, 3_s);
  sim.cast<opener>(opener::close{one});
  sim.cast<other>(opener::close{one});
  sim.run_for(2_s);
  CHECK(sim.try_call<opener>(opener::log{}, 0_s).reason() == es::reason::timeout);
  CHECK(sim.try_call<other>(opener::log{}, 0_s).reason() == es::reason::timeout);
  sim.run_for(2_s);
  CHECK(sim.matches(es::trace{}.started<slow>().stopped<slow>()));
  std::vector<std::string> answers{sim.call<opener>(opener::log{}), sim.call<other>(opener::log{})};
  std::ranges::sort(answers);  // the first to come is not the same with each seed
  CHECK(answers.at(0) == "not_found");
  CHECK(answers.at(1) == "ok");
  CHECK(sim.broken().empty());
}

TEST_CASE("who terminates a child whose supervisor is being stopped does not find it then") {
  es::simulation<app> sim;
  const auto one = sim.start_child<slows>(0_s, 3_s);
  const auto two = sim.start_child<slows>(0_s, 0_s);
  const auto three = sim.start_child<slows>(0_s, 0_s);
  for (auto const& r : {two, three}) sim.cast(r, slow::crash{});
  sim.run_for(1_s);
  CHECK(sim.contains(es::trace{}.gave_up<slows>()));
  sim.cast<opener>(opener::close{one});
  sim.run_for(1_s);
  CHECK(sim.try_call<opener>(opener::log{}, 0_s).reason() == es::reason::timeout);
  sim.run_for(2_s);
  CHECK(sim.call<opener>(opener::log{}) == "not_found");
}

/// Declines its restart.
struct fading {
  struct crash {};
  static std::optional<fading> make(es::context<fading>& self) {
    if (self.incarnation() != 1) return {};
    return std::optional<fading>(std::in_place);
  }
  void handle(crash) { throw std::runtime_error("crash"); }
};
struct fadings : es::dynamic<es::child<fading, es::start<&fading::make>>> {};

TEST_CASE("a child that declines its restart while it is being stopped holds up no stop") {
  for (std::uint64_t s = 0; s != 50; ++s) {
    INFO("seed ", s);
    es::simulation<fadings> sim{es::seed{s}};
    sim.cast(sim.start_child<fadings>(), fading::crash{});
    REQUIRE(sim.run_until([&] { return !sim.reports().empty(); }));  // it is about to be started again
    CHECK(sim.stop() == es::reason::shutdown);
    CHECK(sim.ended());
    CHECK(sim.elapsed() == 0_s);
    CHECK(sim.matches(es::trace{}.started<fading>().ended<fading>(es::reason::crashed).stopped<fadings>()));
  }
}

}  // namespace
