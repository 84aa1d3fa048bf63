// Requests about static children: OTP's table of operation and status (reference B.12).
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;
using es::child_status;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};

template <class T>
bool answers(es::simulation<T>& sim, auto name) {
  using process = decltype(name);
  return bool(sim.template try_call<process>(typename process::ping{}, 1_s));
}

struct tree : es::supervisor<es::intensity<3, 9_s>, a, b, es::child<c, es::temporary>> {};

TEST_CASE(
    "terminate_child stops a child, which stays without a process, and no sibling notices (SEMANTICS 4)") {
  es::simulation<tree> sim;
  CHECK(sim.terminate_child<a>() == child_result::ok);
  CHECK(sim.matches(es::trace{}.stopped<a>()));
  CHECK(sim.try_call<a>(a::ping{}).reason() == es::reason::noproc);
  CHECK(answers(sim, b{}));
  CHECK(sim.terminate_child<a>() == child_result::ok);  // again
  CHECK(sim.broken().empty());
}

TEST_CASE("restart_child starts what is stopped, and answers running for what runs") {
  es::simulation<tree> sim;
  CHECK(sim.restart_child<a>() == child_result::running);
  sim.terminate_child<a>();
  CHECK(sim.restart_child<a>() == child_result::ok);
  CHECK(sim.matches(es::trace{}.stopped<a>().started<a>()));
  CHECK(sim.call<a>(a::ping{}) == 2);
}

TEST_CASE("restart_child answers a failed start, and leaves the child as it was, uncounted") {
  es::simulation<tree> sim;
  sim.terminate_child<a>();
  for (int i = 0; i != 9; ++i) {
    sim.crash<a>(es::in_constructor{1});
    CHECK(sim.restart_child<a>() == child_result::start_failed);
  }
  CHECK(sim.restart_child<a>() == child_result::ok);
  CHECK(!sim.gave_up());
}

TEST_CASE("a temporary child that has ended is not found") {
  es::simulation<tree> sim;
  CHECK(sim.terminate_child<c>() == child_result::ok);
  CHECK(sim.restart_child<c>() == child_result::not_found);
  CHECK(sim.terminate_child<c>() == child_result::not_found);
}

TEST_CASE("terminate_child cancels a back-off, and restart_child says restarting meanwhile (SEMANTICS 22)") {
  struct patient : es::supervisor<es::intensity<5, 60_s>, es::child<a, es::backoff<10_s, 10_s>>> {};
  es::simulation<patient> sim;
  for (int i = 0; i != 2; ++i) {
    sim.cast<a>(a::crash{});
    sim.run_until_idle();
  }
  CHECK(sim.restart_child<a>() == child_result::restarting);
  CHECK(sim.terminate_child<a>() == child_result::ok);
  sim.run_for(60_s);
  CHECK(!answers(sim, a{}));
  CHECK(sim.restart_child<a>() == child_result::ok);
}

TEST_CASE("a child that was terminated comes back with its siblings' restart, as in OTP (SEMANTICS 4)") {
  struct all : es::supervisor<es::one_for_all, a, b> {};
  es::simulation<all> sim;
  sim.terminate_child<a>();
  sim.cast<b>(b::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.stopped<a>().crashed<b>().started<a>().started<b>()));
  CHECK(answers(sim, a{}));
}

TEST_CASE("restart_group restarts what a crash would, uncounted (SEMANTICS 23)") {
  struct rest : es::supervisor<es::rest_for_one, es::intensity<0, 9_s>, a, b, c> {};
  es::simulation<rest> sim;
  for (int i = 0; i != 5; ++i) CHECK(sim.restart_group<b>() == child_result::ok);
  CHECK(sim.call<a>(a::ping{}) == 1);
  CHECK(sim.call<b>(b::ping{}) == 6);
  CHECK(sim.call<c>(c::ping{}) == 6);
  CHECK(!sim.gave_up());
}

struct dependent : scripted<dependent> {
  using restarts_with = es::processes<a>;
};
TEST_CASE("restart_child is refused while a running process must restart with the child (SEMANTICS 23)") {
  struct rest : es::supervisor<es::rest_for_one, a, es::supervisor<dependent>> {};
  es::simulation<rest> sim;
  sim.terminate_child<a>();
  CHECK(sim.restart_child<a>() == child_result::needed);
  CHECK(sim.terminate_child<dependent>() == child_result::ok);
  CHECK(sim.restart_child<a>() == child_result::ok);
}

TEST_CASE("the children of a supervisor are listed and counted") {
  struct inner : es::supervisor<es::child<a, es::transient>> {};
  struct outer : es::supervisor<b, inner, es::child<c, es::temporary>> {};
  es::simulation<outer> sim;
  CHECK(sim.count_children<outer>() == es::child_counts{3, 3, 1, 2});
  auto children = sim.which_children<outer>();
  REQUIRE(children.size() == 3);
  CHECK(children[0].name == es::id_of<b>);
  CHECK(children[0].status == child_status::running);
  CHECK(children[1].is_supervisor);
  sim.cast<c>(c::crash{});
  sim.cast<a>(a::finish{});
  sim.run_until_idle();
  CHECK(sim.count_children<outer>() == es::child_counts{2, 2, 1, 1});
  CHECK(sim.count_children<inner>() == es::child_counts{1, 0, 0, 1});
  CHECK(sim.which_children<inner>().at(0).status == child_status::stopped);
  sim.stop();
  CHECK(sim.which_children<outer>().empty());
}

TEST_CASE("a request to a supervisor that does not run is noproc, and one that its end interrupts too") {
  struct inner : es::supervisor<es::intensity<0, 9_s>, a, es::child<b, es::shutdown<1_s>>> {};
  struct outer : es::supervisor<es::child<inner, es::temporary>, c> {};
  es::simulation<outer> sim;
  sim.crash<a>(es::at{0_s});
  sim.run_until_idle();
  CHECK(sim.restart_child<a>() == child_result::noproc);
  CHECK(sim.terminate_child<b>() == child_result::noproc);
}

/// Asks from inside.
struct operator_ : scripted<operator_> {
  using scripted::handle;
  using calls = es::processes<a>;
  struct cycle {
    using reply = std::string;
  };
  es::task<std::string> handle(cycle, es::context<operator_>& self) {
    std::string out(word(co_await self.terminate_child<a>()));
    out += ' ';
    out += word(co_await self.restart_child<a>());
    out += ' ';
    out += word(co_await self.restart_group<a>());
    co_return out;
  }
};
TEST_CASE("a process may ask about those it names, unless it is below their supervisor (SEMANTICS 23)") {
  struct beside : es::supervisor<es::supervisor<a>, operator_> {};
  struct below : es::supervisor<a, operator_> {};
  es::simulation<beside> sim;
  CHECK(sim.call<operator_>(operator_::cycle{}) == "ok ok ok");
  CHECK(sim.call<a>(a::ping{}) == 3);
  es::simulation<below> refused;
  CHECK(refused.call<operator_>(operator_::cycle{}) == "below below below");
}

TEST_CASE("requests survive a crash everywhere, under many schedules") {
  struct root : es::supervisor<es::intensity<9, 9_s>,
                               es::supervisor<es::one_for_all, es::intensity<9, 9_s>, a, b>, operator_> {};
  auto scenario = [](es::simulation<root>& sim) {
    sim.cast<a>(a::ping{});
    sim.cast<operator_>(operator_::cycle{});
    sim.cast<b>(b::ping{});
    sim.run_for(1_s);
  };
  for (std::uint64_t s = 1; s != 30; ++s) CHECK(es::crash_everywhere<root>(scenario, es::seed{s}));
}

TEST_CASE("the same from outside, on threads") {
  es::settings how;
  how.on_report = nullptr;
  es::system<tree> sys(how);
  CHECK(sys.terminate_child<a>() == child_result::ok);
  CHECK(sys.count_children<tree>() == es::child_counts{3, 2, 0, 3});
  CHECK(sys.restart_child<a>() == child_result::ok);
  CHECK(sys.call<a>(a::ping{}) == 2);
  CHECK(sys.restart_group<b>() == child_result::ok);
  CHECK(sys.call<b>(b::ping{}) == 2);
  CHECK(sys.which_children<tree>().size() == 3);
  sys.stop();
  CHECK(sys.terminate_child<a>() == child_result::noproc);
}

}  // namespace
