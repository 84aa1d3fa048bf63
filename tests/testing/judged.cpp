#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};

TEST_CASE("a fault of the scenario that a crash prevents is no finding") {
  const auto report = es::crash_everywhere<app>([](es::simulation<app>& sim) {
    sim.drop<logs, logs::line>(3);  // there are fewer lines if a visit crashes
    sim.crash<database>(es::in_constructor{1});
    for (int i = 0; i != 3; ++i) sim.cast<web>(web::visit{"k"});
    sim.run_until_idle();
  });
  CHECK(report);
}

TEST_CASE("what a temporary supervisor runs may be gone after a crash, as a temporary process may") {
  struct inner : es::supervisor<b> {};
  using meant = es::allow<es::temporary_lost_to_sibling>;
  struct root : es::supervisor<es::rest_for_one, a, es::child<inner, es::temporary, meant>> {};
  CHECK(es::crash_everywhere<root>([](es::simulation<root>& sim) { sim.call<a>(a::ping{}); }));
}

TEST_CASE("what a transient supervisor without restarts runs may be gone after a crash of it") {
  struct inner : es::supervisor<es::intensity<0, 1_s>, a, b> {};
  using meant = es::allow<es::transient_supervisor>;
  struct root : es::supervisor<database, es::child<inner, es::transient, meant>> {};
  CHECK(es::crash_everywhere<root>([](es::simulation<root>& sim) { sim.call<a>(a::ping{}); }));
}

TEST_CASE("a tree that ends with the last of its significant children is counted, not found") {
  struct tree : es::supervisor<es::auto_shutdown_all, es::child<a, es::temporary, es::significant>,
                               es::child<b, es::temporary, es::significant>> {};
  const auto report = es::crash_everywhere<tree>([](es::simulation<tree>& sim) {
    sim.cast<a>(a::finish{});
    sim.run_until_idle();
    static_cast<void>(sim.try_call<b>(b::ping{}));
  });
  CHECK(report);
  CHECK(report.ended_as_declared() == 2);
}

}  // namespace
