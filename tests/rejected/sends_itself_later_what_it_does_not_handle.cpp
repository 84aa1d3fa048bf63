// A handler starts a timer with a message that its process has no handler for.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<cache, handles_no<cache::evict>>
#include <espalier/process.hpp>
namespace es = espalier;

using namespace es::literals;

struct cache {
  struct tick {};
  struct evict {};
  void handle(tick, es::context<cache>& self) {
    self.send_after(5_s, evict{});
    self.send_every(5_s, evict{});
  }
#ifdef TWIN
  void handle(evict) {}
#endif
};
