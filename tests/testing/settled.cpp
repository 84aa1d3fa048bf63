#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct quick : scripted<quick> {
  using scripted::handle;
  struct work {};
  void handle(work) {}
};
/// Takes a second to end.
struct slow : scripted<slow> {
  es::task<void> terminate(es::exit_reason, es::context<slow>& self) { co_await self.sleep(1_s); }
};

TEST_CASE("a crash is over once the process has ended and is up again") {
  struct tree : es::supervisor<slow> {};
  CHECK(es::crash_everywhere<tree>(
      [](es::simulation<tree>& sim) { static_cast<void>(sim.try_call<slow>(slow::ping{}, 10_ms)); },
      [](es::simulation<tree>& sim) { return sim.call<slow>(slow::ping{}) >= 1; }));
}

TEST_CASE("a crash is over once the next one by what waited for a restart is, too") {
  struct tree : es::supervisor<es::one_for_all, es::intensity<3, 5_s>, slow, quick> {};
  CHECK(es::crash_everywhere<tree>([](es::simulation<tree>& sim) {
    sim.cast<quick>(quick::crash{});
    sim.run_until_idle();
    sim.cast<quick>(quick::work{});
  }));
}

TEST_CASE("a crash is over though a supervisor has shut itself down for good") {
  struct group
      : es::supervisor<es::auto_shutdown_any, slow, es::child<quick, es::transient, es::significant>> {};
  struct tree : es::supervisor<es::intensity<3, 5_s>, logs, es::child<group, es::transient>> {};
  CHECK(es::crash_everywhere<tree>([](es::simulation<tree>& sim) {
    sim.cast<logs>(logs::line{"x"});
    sim.run_until_idle();
    const bool calm = sim.call<logs>(logs::count{}) == 1;
    sim.cast<quick>(quick::finish{});
    sim.run_for(calm ? 2_s : 1_ms);
  }));
}

}  // namespace
