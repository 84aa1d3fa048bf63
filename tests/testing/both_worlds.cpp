// The same scenarios on the pool, under the steady clock, and in the simulation: the traces are the same.
#include <doctest/doctest.h>

#include <espalier/testing.hpp>
#include <map>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

/// What each supervisor did, in its order. Between supervisors of a pool there is none.
using by_supervisor = std::map<std::string, std::string>;

template <class T>
void add(by_supervisor& all, es::runtime::event const& e) {
  const es::node_index above = e.about->parent == es::no_node ? 0 : e.about->parent;
  const es::trace::step step{e.what, e.about->name,
                             e.what == es::runtime::event_kind::ended ? e.why.kind() : es::reason::normal};
  all[std::string(es::detail::view(es::detail::view_of<T>[above].name))] += step.to_string() + "\n";
}

/// A tree on the pool, with the members of a simulation that the scenarios use.
template <class T>
class live {
 public:
  live()
      : pool_(std::make_unique<es::runtime::pool>(2)),
        engine_(es::detail::view_of<T>, es::detail::lookup_of<T>,
                es::detail::process_types<T>(std::tuple<>{}), *pool_,
                {.on_report = nullptr,
                 .on_event = [this](es::runtime::event const& e) { add<T>(seen_, e); },
                 .on_stage =
                     [this] {
                       std::lock_guard lock(mutex_);
                       changed_.notify_all();
                     },
                 .faults = nullptr}) {
    engine_.start();
    wait_past(es::runtime::stage::starting);
  }
  ~live() {
    stop();
    pool_.reset();
  }

  template <class Q, class M>
  es::reason ask(M m) {
    try {
      es::detail::call_from_outside<Q, M>({&engine_.at(es::detail::found_from_root<T, Q>.node), 0},
                                          std::move(m),
                                          [](es::runtime::outside_call& c) { return c.wait(10_s); });
      return es::reason::normal;
    } catch (es::call_failed const& failed) {
      return failed.reason().kind();
    }
  }
  void stop() {
    engine_.stop();
    wait_past(es::runtime::stage::up);
  }
  void wait() { wait_past(es::runtime::stage::up); }
  by_supervisor seen() { return seen_; }

 private:
  void wait_past(es::runtime::stage s) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return engine_.where() > s; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  by_supervisor seen_;
  std::unique_ptr<es::runtime::pool> pool_;
  es::runtime::engine engine_;
};

template <class T>
class simulated final : es::testing::simulated_tree::watcher {
 public:
  simulated() : sim_(es::not_started) {
    sim_.watch(*this);
    sim_.start();
  }
  template <class Q, class M>
  es::reason ask(M m) {
    auto answer = sim_.template try_call<Q>(std::move(m), 10_s);
    return answer ? es::reason::normal : answer.reason().kind();
  }
  void stop() { sim_.stop(); }
  void wait() { sim_.wait(); }
  by_supervisor seen() { return seen_; }

 private:
  void happened(es::runtime::event const& e) override { add<T>(seen_, e); }

  by_supervisor seen_;
  es::simulation<T> sim_;
};

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};
struct d : scripted<d> {};
/// Does not start on its second and third life.
struct hesitant : scripted<hesitant> {
  explicit hesitant(es::context<hesitant>& self) {
    if (self.incarnation() == 2 || self.incarnation() == 3) throw std::runtime_error("not yet");
  }
};

/// Each scenario asks, so that what it caused has happened before it goes on.
template <class T, class Scenario>
void same_in_both(Scenario scenario) {
  simulated<T> in_simulation;
  scenario(in_simulation);
  live<T> on_pool;
  scenario(on_pool);
  const by_supervisor expected = in_simulation.seen();
  const by_supervisor got = on_pool.seen();
  CHECK(expected.size() == got.size());
  for (auto const& [supervisor, steps] : expected) {
    INFO(supervisor);
    CHECK(steps == got.at(supervisor));
    CHECK(!steps.empty());
  }
}

TEST_CASE("crashes under all three strategies") {
  struct one : es::supervisor<es::one_for_one, es::intensity<9, 9_s>, a, b> {};
  using meant = es::allow<es::temporary_lost_to_sibling>;
  struct all : es::supervisor<es::one_for_all, es::intensity<9, 9_s>, c, es::child<d, es::temporary, meant>> {
  };
  struct rest : es::supervisor<es::rest_for_one, es::intensity<9, 9_s>, one, hesitant, all> {};
  same_in_both<rest>([](auto& world) {
    CHECK(world.template ask<a>(a::fail{}) == es::reason::crashed);
    CHECK(world.template ask<a>(a::ping{}) == es::reason::normal);
    CHECK(world.template ask<c>(c::fail{}) == es::reason::crashed);
    CHECK(world.template ask<c>(c::ping{}) == es::reason::normal);
    CHECK(world.template ask<d>(d::ping{}) == es::reason::noproc);
    CHECK(world.template ask<hesitant>(hesitant::fail{}) == es::reason::crashed);
    CHECK(world.template ask<hesitant>(hesitant::ping{}) == es::reason::normal);
    CHECK(world.template ask<c>(c::ping{}) == es::reason::normal);  // before, d may still be parked
    CHECK(world.template ask<d>(d::ping{}) == es::reason::normal);
    world.stop();
  });
}

TEST_CASE("a supervisor that gives up, and its parent") {
  struct inner : es::supervisor<es::intensity<1, 9_s>, a, b> {};
  struct outer : es::supervisor<es::intensity<1, 9_s>, inner, c> {};
  same_in_both<outer>([](auto& world) {
    for (int i = 0; i != 4; ++i) {
      CHECK(world.template ask<a>(a::fail{}) == es::reason::crashed);
      if (i == 3) break;
      CHECK(world.template ask<a>(a::ping{}) == es::reason::normal);  // the next one
      CHECK(world.template ask<b>(b::ping{}) == es::reason::normal);  // that started after it, if it had to
    }
    world.wait();
  });
}

TEST_CASE("a significant child that ends, and its siblings") {
  struct group : es::supervisor<es::auto_shutdown_any, a, es::child<b, es::transient, es::significant>> {};
  struct root : es::supervisor<es::child<group, es::transient>, c> {};
  same_in_both<root>([](auto& world) {
    CHECK(world.template ask<b>(b::fail{}) == es::reason::crashed);
    CHECK(world.template ask<b>(b::ping{}) == es::reason::normal);
    CHECK(world.template ask<a>(a::ping{}) == es::reason::normal);
    world.stop();
  });
}

TEST_CASE("handlers that sleep, and a stop in the middle") {
  struct root : es::supervisor<a, es::child<b, es::shutdown<1_s>>> {};
  same_in_both<root>([](auto& world) {
    CHECK(world.template ask<b>(b::nap{10_ms}) == es::reason::normal);
    world.stop();
    CHECK(world.template ask<b>(b::ping{}) == es::reason::noproc);
  });
}

}  // namespace
