// clang-format off
// How to test a tree of your own: the same declared tree, under a seeded scheduler and a virtual clock.
#include <cassert>
#include <espalier/testing.hpp>
namespace es = espalier;
using namespace es::literals;

struct sensor {
  struct read { using reply = int; };
  es::task<int> handle(read, es::context<sensor>& self) {
    co_await self.sleep(200_ms);  // a slow device
    co_return 21;
  }
};

struct monitor {
  using calls = es::processes<sensor>;
  struct tick {};
  struct readings { using reply = int; };
  void init(es::context<monitor>& self) { self.send_every(1_s, tick{}); }
  es::task<void> handle(tick, es::context<monitor>& self) {
    auto value = co_await self.try_call_for<sensor, sensor::read>(500_ms);
    if (value) ++count;  // a failed reading is left out
  }
  int handle(readings) { return count; }
  int count = 0;
};

struct plant : es::supervisor<es::rest_for_one, es::intensity<2, 10_s>, sensor, monitor> {};

int main() {
  es::simulation<plant> sim{es::seed{7}};
  sim.run_for(10_s);  // virtual: returns at once
  assert(sim.call<monitor>(monitor::readings{}) == 10);  // answered once the tenth is done
  sim.crash<sensor>();  // at its next message
  sim.run_for(2_s);
  assert(sim.matches(es::trace{}.crashed<sensor>().stopped<monitor>().started<sensor>().started<monitor>()));
  // The same ten seconds, with each of both crashed before and after each message that it handles.
  assert(es::crash_everywhere<plant>([](es::simulation<plant>& s) { s.run_for(10_s); }));
}
