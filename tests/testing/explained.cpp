#include <doctest/doctest.h>

#include "scripted.hpp"
#include "store.hpp"

namespace {

struct a : scripted<a> {};
struct b : scripted<b> {};
struct c : scripted<c> {};

template <class P, class T, class M>
void send(es::simulation<T>& sim, M m) {
  sim.template cast<P>(m);
  sim.run_until_idle();
}

TEST_CASE("an end is explained by a significant child that ended cleanly") {
  struct group : es::supervisor<es::auto_shutdown_any, a, es::child<b, es::transient, es::significant>> {};
  struct root : es::supervisor<es::intensity<5, 5_s>, es::child<group, es::transient>, c> {};
  CHECK(es::explore<root>([](es::simulation<root>& sim) { send<b>(sim, b::finish{}); }, 1));
}

TEST_CASE("an end is explained by the last of the significant children") {
  struct group : es::supervisor<es::auto_shutdown_all, c, es::child<a, es::temporary, es::significant>,
                                es::child<b, es::temporary, es::significant>> {};
  struct root : es::supervisor<es::intensity<5, 5_s>, es::child<group, es::transient>> {};
  CHECK(es::explore<root>(
      [](es::simulation<root>& sim) {
        send<a>(sim, a::crash{});
        send<b>(sim, b::crash{});
      },
      1));
}

TEST_CASE("a restart is explained by a supervisor that gave up above one that shut itself down") {
  struct group : es::supervisor<es::auto_shutdown_any, es::child<b, es::temporary, es::significant>> {};
  struct middle : es::supervisor<es::intensity<1, 5_s>, es::child<group, es::transient>, a> {};
  struct root : es::supervisor<es::intensity<5, 5_s>, middle, c> {};
  CHECK(es::explore<root>(
      [](es::simulation<root>& sim) {
        send<b>(sim, b::crash{});
        send<a>(sim, a::crash{});
        send<a>(sim, a::crash{});
        CHECK(sim.contains(es::trace{}.gave_up<middle>().started<b>().started<a>().started<middle>()));
      },
      1));
}

}  // namespace
