// A handler calls with a message that the other process has no handler for.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<database, handles_no<database::fetch>>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
#ifdef TWIN
  int handle(fetch) { return 0; }
#endif
};
struct cache {
  using calls = es::processes<database>;
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<cache>& self) {
    co_return co_await self.call<database, database::fetch>();
  }
};
