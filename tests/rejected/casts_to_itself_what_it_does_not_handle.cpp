// A handler casts its own process a message that it has no handler for.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<cache, handles_no<cache::evict>>
#include <espalier/process.hpp>
namespace es = espalier;

struct cache {
  struct tick {};
  struct evict {};
  void handle(tick, es::context<cache>& self) { self.cast<cache, evict>(); }
#ifdef TWIN
  void handle(evict) {}
#endif
};
