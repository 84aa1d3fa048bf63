// A handler takes its message by a reference that a message does not bind to.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<database, handles_no<database::store>>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct store {
    int row;
  };
#ifdef TWIN
  void handle(store const&) {}
#else
  void handle(store&) {}
#endif
};
struct cache {
  using casts = es::processes<database>;
  struct tick {};
  void handle(tick, es::context<cache>& self) { self.cast<database, database::store>(1); }
};
