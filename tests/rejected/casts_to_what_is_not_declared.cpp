// A handler casts to a name that its process does not declare.
// EXPECT: a process sends to a name that it does not declare
// EXPECT: ill_formed<cache, sends_to<database>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct store {
    int row;
  };
  struct fetch {
    using reply = int;
  };
  void handle(store) {}
  int handle(fetch) { return 0; }
};
struct cache {
#ifdef TWIN
  using casts = es::processes<database>;
#endif
  struct tick {};
  void handle(tick, es::context<cache>& self) { self.cast<database, database::store>(1); }
};
