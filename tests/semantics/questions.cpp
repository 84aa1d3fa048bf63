// SEMANTICS 8 and 25 to 29: what the compiler answers about a tree is what the tree does.
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <set>
#include <utility>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};
struct d : scripted<d> {};

/// The names of processes, as one text.
std::string text(std::set<std::string> const& names) {
  std::string out;
  for (std::string const& n : names) out += n + ' ';
  return out;
}
std::string text(es::type_id id) { return {id->text, id->size}; }
template <class... Names>
std::string text(es::processes<Names...>) {
  return text(std::set<std::string>{text(es::id_of<Names>)...});
}

template <class T, class... Names>
bool is_process(es::type_id id, es::ordered_processes<Names...>) {
  return ((id == es::id_of<Names>) || ...);
}

/// The processes that a simulation has ended after its first steps.
template <class T>
std::string ended(es::simulation<T>& sim, std::size_t steps_before = 0) {
  std::set<std::string> names;
  const es::trace all = sim.trace();
  for (std::size_t i = steps_before; i != all.steps().size(); ++i) {
    es::trace::step const& s = all.steps()[i];
    const bool is_end = s.what == es::runtime::event_kind::ended;
    if (is_end && is_process<T>(s.name, es::start_order<T>)) names.insert(text(s.name));
  }
  return text(names);
}

template <class P, class T>
void crash(es::simulation<T>& sim) {
  sim.template crash<P>(es::at{0_s});
  sim.run_until_idle();
}

// --- 25

template <class T, class P>
void ends_its_radius() {
  es::simulation<T> sim;
  CAPTURE(es::diagram<T>);
  crash<P>(sim);
  CHECK(ended(sim) == text(es::blast_radius<T, P>));
}
template <class T>
void each_ends_its_radius() {
  ends_its_radius<T, a>();
  ends_its_radius<T, b>();
  ends_its_radius<T, c>();
}

template <class Strategy>
struct flat : es::supervisor<Strategy, a, b, c> {};
template <class Strategy>
struct nested
    : es::supervisor<
          Strategy, a,
          es::supervisor<Strategy, b, es::supervisor<Strategy, es::allow<es::strategy_without_effect>, c>>,
          d> {};
struct strict : es::supervisor<es::intensity<0, 5_s>, a, b> {};
struct above_strict : es::supervisor<es::rest_for_one, strict, c> {};
struct strict_twice : es::supervisor<es::intensity<0, 5_s>, strict, c> {};
struct temporary_sibling
    : es::supervisor<es::one_for_all, es::child<a, es::temporary, es::allow<es::temporary_lost_to_sibling>>,
                     b, c> {};
struct any : es::supervisor<es::auto_shutdown_any, a, es::child<b, es::temporary, es::significant>, c> {};
struct all : es::supervisor<es::auto_shutdown_all, es::child<a, es::temporary, es::significant>,
                            es::child<b, es::temporary, es::significant>, es::child<c, es::transient>> {};
struct any_inside : es::supervisor<es::rest_for_one, es::child<any, es::transient>, d> {};
struct any_up_to_the_top
    : es::supervisor<es::auto_shutdown_any, es::child<any, es::transient, es::significant>, d> {};

TEST_CASE("a crash ends exactly the processes of its blast radius (SEMANTICS 25)") {
  each_ends_its_radius<flat<es::one_for_one>>();
  each_ends_its_radius<flat<es::one_for_all>>();
  each_ends_its_radius<flat<es::rest_for_one>>();
  each_ends_its_radius<nested<es::one_for_one>>();
  each_ends_its_radius<nested<es::one_for_all>>();
  each_ends_its_radius<nested<es::rest_for_one>>();
  each_ends_its_radius<above_strict>();
  each_ends_its_radius<strict_twice>();
  each_ends_its_radius<temporary_sibling>();
  each_ends_its_radius<any>();
  each_ends_its_radius<all>();
  each_ends_its_radius<any_inside>();
  each_ends_its_radius<any_up_to_the_top>();
}

struct inner : es::supervisor<a, b> {};
struct middle : es::supervisor<inner, c> {};
struct outer : es::supervisor<middle, d> {};

TEST_CASE("after each escalation a crash ends exactly the wider radius (SEMANTICS 25)") {
  es::simulation<outer> sim;
  std::string seen[8];
  for (std::string& s : seen) {
    const std::size_t before = sim.trace().steps().size();
    crash<a>(sim);
    s = ended(sim, before);
  }
  const std::string no_escalation = text(es::blast_radius<outer, a>);
  const std::string one = text(es::blast_radius<outer, a, 1>);
  const std::string two = text(es::blast_radius<outer, a, 2>);
  const std::string three = text(es::blast_radius<outer, a, 3>);
  std::string const expected[] = {no_escalation, one, no_escalation, two,
                                  no_escalation, one, no_escalation, three};
  for (int i = 0; i != 8; ++i) CHECK(seen[i] == expected[i]);
  CHECK(three == "a b c d ");
  CHECK(sim.gave_up());
}

// --- 8

/// Each calls the one before it, and catches nothing.
template <class Self, class Callee, class Message>
struct caller : scripted<Self> {
  using scripted<Self>::handle;
  using calls = es::processes<Callee>;
  struct ask {
    using reply = int;
  };
  es::task<int> handle(ask, es::context<Self>& self) {
    const int n = co_await self.template call<Callee, Message>();
    co_return n;
  }
};
struct calls_a : caller<calls_a, a, a::fail> {};
struct calls_it : caller<calls_it, calls_a, calls_a::ask> {};
struct bystander : scripted<bystander> {};
struct exposing : es::supervisor<es::supervisor<a>, es::supervisor<es::one_for_all, b, calls_a>,
                                 es::supervisor<es::rest_for_one, calls_it, d>, bystander> {};

TEST_CASE("a crash spreads to those who call and do not catch, as far as `exposed` says (SEMANTICS 8)") {
  static_assert(es::blast_radius<exposing, a> == es::processes<a>{});
  es::simulation<exposing> sim;
  CHECK(sim.try_call<calls_it>(calls_it::ask{}).reason() == es::reason::crashed);
  sim.run_until_idle();
  CHECK(ended(sim) == text(es::exposed<exposing, a>));
  CHECK(ended(sim) == "a b calls_a calls_it d ");
}

// --- 26

template <class T, class P>
void survives_its_budget() {
  es::simulation<T> sim;
  CAPTURE(es::diagram<T>);
  std::uint64_t survived = 0;
  for (; survived != 100; ++survived) {
    crash<P>(sim);
    if (sim.ended()) break;
  }
  CHECK(survived == es::crash_budget<T, P>);
}
template <long long Outer, long long Inner>
struct two_levels : es::supervisor<es::intensity<Outer, 5_s>,
                                   es::supervisor<es::one_for_all, es::intensity<Inner, 5_s>, a, b>, c> {};

TEST_CASE("a tree survives as many crashes at one instant as its budget says (SEMANTICS 26)") {
  survives_its_budget<outer, a>();
  survives_its_budget<outer, c>();
  survives_its_budget<outer, d>();
  survives_its_budget<strict_twice, a>();
  survives_its_budget<two_levels<2, 3>, b>();
  survives_its_budget<two_levels<0, 3>, b>();
  survives_its_budget<two_levels<4, 0>, a>();
  static_assert(es::crash_budget<two_levels<2, 3>, b> == 3 * 4 - 1);
}

TEST_CASE("a process that ends for good while the root lives ends no tree (SEMANTICS 26)") {
  static_assert(es::crash_budget<temporary_sibling, a> == es::unbounded);
  static_assert(es::crash_budget<all, a> == es::unbounded);
  es::simulation<temporary_sibling> sim;
  crash<a>(sim);
  CHECK(sim.matches(es::trace{}.crashed<a>()));
  CHECK(!sim.ended());
}

// --- 27

/// Never ends by itself once it is told to stop.
template <class Self>
struct reluctant : scripted<Self> {
  es::task<void> terminate(es::exit_reason const&, es::context<Self>& self) {
    co_await self.sleep(es::infinity);
  }
};
struct r1 : reluctant<r1> {};
struct r2 : reluctant<r2> {};
struct r3 : reluctant<r3> {
  using args = es::arguments<>;
};
struct pool : es::dynamic<es::child<r3, es::shutdown<4_s>>> {};
struct worst
    : es::supervisor<es::child<r1, es::shutdown<1_s>>,
                     es::child<es::supervisor<es::child<r2, es::shutdown<2500_ms>>>, es::shutdown<60_s>>,
                     pool, es::child<a, es::brutal_kill>> {};

TEST_CASE("a stop takes as long as its bound says at the worst (SEMANTICS 27)") {
  static_assert(es::shutdown_bound<worst> == 1_s + 2500_ms + 4_s + 100_ms);
  es::simulation<worst> sim;
  for (int i = 0; i != 3; ++i) static_cast<void>(sim.start_child<pool>());
  sim.slow<a>(99_ms);
  sim.cast<a>(a::ping{});
  sim.run_until_idle();
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.elapsed() == es::shutdown_bound<worst> - 1_ms);
}

template <int>
struct numbered {};
template <int... N>
es::supervisor<numbered<N>...> many(std::integer_sequence<int, N...>);

TEST_CASE("no margin is added, and an infinite process makes it unbounded (SEMANTICS 27)") {
  static_assert(es::shutdown_bound<decltype(many(std::make_integer_sequence<int, 64>{}))> == 320_s);
  using endless = es::supervisor<es::child<a, es::shutdown<es::infinity>>>;
  static_assert(es::shutdown_bound<endless> == es::unbounded);
  static_assert(es::shutdown_bound<endless> > 1'000'000_h);
  static_assert(es::shutdown_bound<es::supervisor<es::child<inner, es::shutdown<es::infinity>>>> == 10_s);
  es::simulation<endless> sim;
  sim.slow<a>(20_h);
  sim.cast<a>(a::ping{});
  sim.run_until_idle();
  sim.stop();
  CHECK(sim.elapsed() == 20_h);
}

// --- 28

/// Counts those of its kind that are alive.
template <int>
struct counted {
  using needs = es::environment<int*>;
  explicit counted(es::context<counted>& self) : alive(*self.template environment<int*>()) { ++alive; }
  counted(counted const&) = delete;
  ~counted() { --alive; }
  int& alive;
};
struct counted_pool : es::dynamic<counted<9>> {};

TEST_CASE("the static processes are counted, without supervisors and dynamic children (SEMANTICS 28)") {
  using tree = es::supervisor<counted<1>, es::supervisor<counted<2>, es::supervisor<counted<3>>>,
                              counted_pool, counted<4>>;
  int alive = 0;
  es::simulation<tree> sim{es::with(&alive)};
  CHECK(alive == 4);
  CHECK(es::process_count<tree> == 4);
  static_cast<void>(sim.start_child<counted_pool>());
  CHECK(alive == 5);
}

// --- 29

struct dependent : scripted<dependent> {
  using restarts_with = es::processes<a>;
};

template <class T>
void restarts_together() {
  static_assert(es::is_valid<T>);
  es::simulation<T> sim;
  CAPTURE(es::diagram<T>);
  crash<a>(sim);
  CHECK(sim.template call<a>(a::ping{}) == 2);
  CHECK(sim.template call<dependent>(dependent::ping{}) == 2);
}

TEST_CASE("what the compiler accepts as restarting together does so (SEMANTICS 29)") {
  restarts_together<es::supervisor<es::one_for_all, dependent, a>>();
  restarts_together<es::supervisor<es::rest_for_one, a, b, dependent>>();
  restarts_together<es::supervisor<es::rest_for_one, a, es::supervisor<b, es::supervisor<dependent>>>>();
  restarts_together<
      es::supervisor<es::rest_for_one, es::supervisor<es::intensity<0, 5_s>, a, b>, dependent>>();
  restarts_together<es::supervisor<
      es::supervisor<es::one_for_all, dependent, es::supervisor<es::intensity<0, 5_s>, a>>, c>>();
  static_assert(!es::is_valid<es::supervisor<es::rest_for_one, dependent, a>>);
  static_assert(!es::is_valid<es::supervisor<es::rest_for_one, es::supervisor<a, b>, dependent>>);
  static_assert(!es::is_valid<es::supervisor<es::one_for_all, dependent, es::child<a, es::temporary>>>);
}

}  // namespace
