// Back-off before a repeated restart (SEMANTICS 22).
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};

template <class P>
void crash(es::simulation<P>& sim, auto name) {
  using process = decltype(name);
  sim.template cast<process>(typename process::crash{});
  sim.run_until_idle();
}
/// How long it takes until a process answers; a jitter of up to a quarter is allowed for.
template <class Name, class T>
bool is_up_within(es::simulation<T>& sim, es::duration least, es::duration most) {
  const es::duration before = sim.elapsed();
  auto answer = sim.template try_call<Name>(typename Name::ping{}, 1_h);
  const es::duration took = sim.elapsed() - before;
  INFO("took ms ", took.nanoseconds / 1'000'000);
  CHECK(took >= least);
  CHECK(took <= most);
  return bool(answer);
}

struct flat : es::supervisor<es::intensity<20, 10_s>, es::child<a, es::backoff<1_s, 4_s>>, b> {};

TEST_CASE(
    "the first restart does not wait, and each repeated one waits twice as long, up to the most (SEMANTICS "
    "22)") {
  es::simulation<flat> sim;
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 0_s, 0_s));
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 750_ms, 1_s));
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 1500_ms, 2_s));
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 3_s, 4_s));
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 3_s, 4_s));
  CHECK(sim.reports().back().find("restarting flat/a after 3") != std::string::npos);
  CHECK(sim.broken().empty());
}

TEST_CASE("that a restart is repeated is forgotten after one period of life (SEMANTICS 22)") {
  es::simulation<flat> sim;
  crash(sim, a{});
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 750_ms, 1_s));
  sim.run_for(10_s);
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 0_s, 0_s));
}

TEST_CASE("meanwhile others are served, and restart (SEMANTICS 22)") {
  es::simulation<flat> sim;
  crash(sim, a{});
  crash(sim, a{});
  CHECK(sim.call<b>(b::ping{}) == 1);
  crash(sim, b{});
  CHECK(sim.call<b>(b::ping{}) == 2);
  CHECK(sim.elapsed() == 0_s);
  sim.run_for(2_s);
  CHECK(
      sim.matches(es::trace{}.crashed<a>().started<a>().crashed<a>().crashed<b>().started<b>().started<a>()));
}

TEST_CASE(
    "waiting does not age the window: a crash loop with a back-off exceeds its budget all the same "
    "(SEMANTICS 22)") {
  struct tree : es::supervisor<es::intensity<3, 5_s>, es::child<a, es::backoff<10_s, 10_s>>> {};
  es::simulation<tree> sim;
  for (int i = 0; i != 3; ++i) {
    crash(sim, a{});
    sim.run_until([&] { return bool(sim.try_call<a>(a::ping{}, 1_h)); });
  }
  CHECK(!sim.ended());
  crash(sim, a{});
  CHECK(sim.gave_up());
}

TEST_CASE("the radius is stopped first, and then waits (SEMANTICS 22)") {
  struct rest
      : es::supervisor<es::rest_for_one, es::intensity<9, 10_s>, a, es::child<b, es::backoff<1_s, 8_s>>, c> {
  };
  es::simulation<rest> sim;
  crash(sim, b{});
  crash(sim, b{});
  CHECK(sim.contains(
      es::trace{}.crashed<b>().stopped<c>().started<b>().started<c>().crashed<b>().stopped<c>()));
  CHECK(sim.trace().steps().back() == es::trace{}.stopped<c>().steps().back());
  CHECK(sim.call<a>(a::ping{}) == 1);
  SUBCASE("and is started in order") {
    sim.run_for(1_s);
    CHECK(sim.contains(es::trace{}.stopped<c>().started<b>().started<c>()));
    CHECK(sim.trace().steps().size() == 8);
  }
  SUBCASE("and a sibling's restart that covers it absorbs it, and takes the longer delay") {
    sim.run_for(300_ms);
    crash(sim, a{});
    CHECK(sim.trace().steps().back() == es::trace{}.crashed<a>().steps().back());
    CHECK(is_up_within<a>(sim, 450_ms, 700_ms));
    CHECK(sim.call<c>(c::ping{}) == 3);
  }
  SUBCASE("and a stop ends the wait") {
    CHECK(sim.stop() == es::reason::shutdown);
    CHECK(sim.elapsed() == 0_s);
    sim.audit_end();
  }
  CHECK(sim.broken().empty());
}

TEST_CASE("a restart that fails waits before it is tried again, and is counted each time (SEMANTICS 22)") {
  es::simulation<flat> sim;
  sim.crash<a>(es::in_constructor{2});
  crash(sim, a{});
  CHECK(sim.matches(es::trace{}.crashed<a>().restarting<a>()));
  CHECK(is_up_within<a>(sim, 2250_ms, 3_s));
  CHECK(sim.matches(es::trace{}.crashed<a>().restarting<a>().restarting<a>().started<a>()));
}

TEST_CASE("a supervisor may back off too") {
  struct inner : es::supervisor<es::intensity<0, 5_s>, a> {};
  struct outer : es::supervisor<es::intensity<9, 60_s>, es::child<inner, es::backoff<1_s, 8_s>>, b> {};
  es::simulation<outer> sim;
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 0_s, 0_s));
  crash(sim, a{});
  CHECK(is_up_within<a>(sim, 750_ms, 1_s));
}

TEST_CASE("a tree with back-offs survives a crash everywhere, under many schedules") {
  struct all : es::supervisor<es::one_for_all, es::intensity<20, 60_s>, es::child<a, es::backoff<1_s, 8_s>>,
                              es::child<b, es::backoff<2_s, 8_s>, es::keep_mailbox>, c> {};
  auto scenario = [](es::simulation<all>& sim) {
    for (int i = 0; i != 2; ++i) {
      sim.cast<a>(a::ping{});
      sim.cast<b>(b::crash{});
      sim.cast<c>(c::ping{});
      sim.cast<a>(a::crash{});
      sim.run_for(5_s);
    }
  };
  for (std::uint64_t s = 1; s != 20; ++s) CHECK(es::crash_everywhere<all>(scenario, es::seed{s}));
}

}  // namespace
