#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct worker : scripted<worker> {};
struct main_job : scripted<main_job> {};
/// Asks the database, and waits.
struct asker {
  using calls = es::processes<database>;
  struct ask {};
  es::task<void> handle(ask, es::context<asker>& self) {
    static_cast<void>(co_await self.try_call<database, database::fetch>("k"));
  }
};
/// Ends when its main job does.
struct short_lived : es::supervisor<es::auto_shutdown_any, database,
                                    es::child<main_job, es::temporary, es::significant>, worker, asker> {};

void ends(es::simulation<short_lived>& sim) {
  sim.run_for(1_s);
  sim.cast<main_job>(main_job::finish{});
  sim.run_for(1_s);
}

TEST_CASE("a call that is under way when the tree is stopped is answered, also where answers take time") {
  CHECK(es::explore<app>(
      [](es::simulation<app>& sim) {
        sim.delay_up_to(1_s);
        for (int i = 0; i != 4; ++i) sim.cast<web>(web::visit{"k"});
        static_cast<void>(sim.try_call<cache>(cache::get{"k"}, 10_ms));
        sim.run_for(500_ms);
      },
      30));
}

TEST_CASE("a call that a stand-in never answers is told of the stop, also where answers take time") {
  CHECK(es::explore<short_lived>(
      [](es::simulation<short_lived>& sim) {
        sim.delay_up_to(10_ms);
        sim.answer<database, database::fetch>(es::never{});
        sim.cast<asker>(asker::ask{});
        sim.run_for(1_s);
      },
      4));
}

TEST_CASE("a tree that ends by itself ends what is under way in its simulation") {
  CHECK(es::explore<short_lived>(
      [](es::simulation<short_lived>& sim) {
        sim.crash<worker>(es::at{10_s});
        ends(sim);
      },
      1));
  CHECK(es::explore<short_lived>(
      [](es::simulation<short_lived>& sim) {
        sim.answer<database, database::fetch>(es::never{});
        sim.cast<asker>(asker::ask{});
        ends(sim);
      },
      1));
  CHECK(es::explore<short_lived>(
      [](es::simulation<short_lived>& sim) {
        sim.delay<asker, database>(10_s);
        sim.cast<asker>(asker::ask{});
        ends(sim);
      },
      1));
}

TEST_CASE("a call to a tree that is never started goes with it, also where answers take time") {
  es::simulation<app> sim(es::not_started);
  sim.delay_up_to(1_s);
  CHECK(sim.try_call<database>(database::fetch{"k"}).reason() == es::reason::timeout);
}

}  // namespace
