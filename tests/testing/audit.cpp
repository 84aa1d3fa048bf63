#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct fragile : scripted<fragile> {};
struct inner : es::supervisor<es::intensity<1, 60_s>, fragile> {};
struct outer : es::supervisor<es::intensity<3, 60_s>, inner> {};

TEST_CASE("a supervisor that starts again has counted nothing, nor its children's failed starts") {
  CHECK(es::explore<outer>(
      [](es::simulation<outer>& sim) {
        sim.crash<fragile>(es::in_constructor{1});
        sim.cast<fragile>(fragile::crash{});  // the second restart is one too many
        sim.run_until_idle();
        CHECK(sim.contains(es::trace{}.restarting<fragile>().gave_up<inner>().started<inner>()));
        sim.cast<fragile>(fragile::crash{});
        sim.run_until_idle();
      },
      1));
}

/// Takes 20 ms for each of its first three starts.
struct slow_at_first {
  es::task<void> init(es::context<slow_at_first>& self) {
    if (self.incarnation() <= 3) co_await self.sleep(20_ms);
  }
};
struct fails_once : scripted<fails_once> {
  explicit fails_once(es::context<fails_once>& self) {
    if (self.incarnation() == 3) throw std::runtime_error("not yet");
  }
};

TEST_CASE("failed restarts are counted at their times, whatever failed meanwhile") {
  struct tree : es::supervisor<es::one_for_all, es::intensity<1, 15_ms>, slow_at_first, fails_once, fragile> {
  };
  CHECK(es::explore<tree>(
      [](es::simulation<tree>& sim) {
        sim.crash<fragile>(es::in_constructor{1});
        sim.cast<fragile>(fragile::crash{});
        sim.run_for(100_ms);
        CHECK(sim.trace() == es::trace{}
                                 .crashed<fragile>()
                                 .stopped<fails_once>()
                                 .stopped<slow_at_first>()
                                 .started<slow_at_first>()
                                 .started<fails_once>()
                                 .restarting<fragile>()
                                 .stopped<fails_once>()
                                 .stopped<slow_at_first>()
                                 .started<slow_at_first>()
                                 .restarting<fails_once>()
                                 .stopped<slow_at_first>()
                                 .started<slow_at_first>()
                                 .started<fails_once>()
                                 .started<fragile>());
      },
      1));
}

}  // namespace
