// Whether a crash loop ends the root, as the compiler says and as the simulation shows.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;

namespace {

struct a {};
struct b {};

template <class... Parts>
using tree = es::supervisor<Parts...>;

TEST_CASE("a budget is effective if its restarts fit into its period, the boundary included") {
  using three = tree<es::intensity<3, 6_s>, a, b>;
  static_assert(!es::never_escalates<three, a, 1_s>);
  static_assert(!es::never_escalates<three, a, 2_s>);
  static_assert(es::never_escalates<three, a, 2001_ms>);
  static_assert(!es::never_escalates<tree<es::intensity<0, 1_ms>, a>, a, 1_h>);
}

TEST_CASE("one level up, a cycle is as long as it takes to use up the budget below") {
  using inner = tree<es::intensity<2, 60_s>, a>;
  static_assert(!es::never_escalates<tree<es::intensity<1, 3_s>, inner>, a, 1_s>);
  static_assert(es::never_escalates<tree<es::intensity<1, 2_s>, inner>, a, 1_s>);
  static_assert(
      !es::never_escalates<tree<es::intensity<1, 6_s>, tree<es::intensity<1, 3_s>, inner>>, a, 1_s>);
  static_assert(es::never_escalates<tree<es::intensity<1, 5_s>, tree<es::intensity<1, 3_s>, inner>>, a, 1_s>);
}

TEST_CASE("what ends for good while the root lives never ends the root") {
  static_assert(es::never_escalates<tree<es::child<a, es::temporary>, b>, a, 1_ms>);
  static_assert(es::never_escalates<tree<es::child<tree<a>, es::temporary>, b>, a, 1_ms>);
  static_assert(!es::never_escalates<tree<es::child<a, es::transient>, b>, a, 1_ms>);
  // Unless it takes the root along.
  static_assert(
      !es::never_escalates<tree<es::auto_shutdown_any, es::child<a, es::temporary, es::significant>>, a,
                           1_ms>);
}

TEST_CASE("a back-off makes the cycle above longer, and not the one it is counted in (SEMANTICS 22)") {
  // Below: restarts at 1 s, 2 s, 3 s of its window's time; above, waits of 3/4 and 3/2 s are added at least.
  using patient = tree<es::intensity<3, 3_s>, es::child<a, es::backoff<1_s, 2_s>>>;
  static_assert(!es::never_escalates<patient, a, 1_s>);
  static_assert(!es::never_escalates<tree<es::intensity<1, 6250_ms>, patient>, a, 1_s>);
  static_assert(es::never_escalates<tree<es::intensity<1, 6249_ms>, patient>, a, 1_s>);
  using quick = tree<es::intensity<3, 3_s>, a>;
  static_assert(!es::never_escalates<tree<es::intensity<1, 4_s>, quick>, a, 1_s>);
}

TEST_CASE("never_escalates of a bad tree, or of what is not in the tree, compiles") {
  static_assert(!es::never_escalates<tree<a>, b, 1_s>);
  static_assert(!es::never_escalates<tree<es::intensity<-1, -1_s>, a>, a, 1_s>);
  static_assert(es::never_escalates<tree<es::intensity<INT64_MAX, 1_h>, a>, a, 1_s>);
  static_assert(!es::never_escalates<tree<es::intensity<INT64_MAX, 1_h>, a>, a, 0_s>);
  static_assert(es::never_escalates<tree<tree<es::child<a, es::backoff<-1_s, -9_s>>>>, a, 9_s>);
}

/// Crashes again and again, that long after each start.
template <int Milliseconds>
struct looping {
  static constexpr es::duration cycle = 1_ms * Milliseconds;
  struct now {};
  void init(es::context<looping>& self) { self.send_after(cycle, now{}); }
  void handle(now) { throw std::runtime_error("again"); }
};

template <class T, class P>
void as_simulated() {
  es::simulation<T> sim;
  sim.run_for(P::cycle * 2000);
  CHECK(sim.ended() == !es::never_escalates<T, P, P::cycle>);
}

template <class P>
void in_some_trees() {
  INFO("cycle in ms ", P::cycle.nanoseconds / 1'000'000);
  as_simulated<tree<es::intensity<2, 1_s>, P>, P>();
  as_simulated<tree<es::intensity<1, 2_s>, tree<es::intensity<2, 1_s>, P>, b>, P>();
  as_simulated<tree<es::intensity<3, 3_s>, tree<es::intensity<1, 500_ms>, P>>, P>();
  as_simulated<tree<es::intensity<1, 3_s>,
                    tree<es::one_for_all, es::intensity<1, 1_s>, tree<es::intensity<0, 1_s>, b, P>, a>>,
               P>();
}

TEST_CASE("the compiler and the simulation agree on which crash loops end the root") {
  in_some_trees<looping<100>>();
  in_some_trees<looping<499>>();
  in_some_trees<looping<500>>();
  in_some_trees<looping<501>>();
  in_some_trees<looping<700>>();
  in_some_trees<looping<1000>>();
  in_some_trees<looping<1001>>();
  in_some_trees<looping<1500>>();
  in_some_trees<looping<3001>>();
}

}  // namespace
