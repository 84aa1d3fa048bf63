// A handler calls a name that its process does not declare.
// EXPECT: a process calls a name that it does not declare
// EXPECT: ill_formed<cache, calls<database>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
  int handle(fetch) { return 0; }
};
struct cache {
#ifdef TWIN
  using calls = es::processes<database>;
#endif
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<cache>& self) {
    co_return co_await self.call<database, database::fetch>();
  }
};
