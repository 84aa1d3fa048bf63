// A handler calls a name that only another process declares.
// EXPECT: a process calls a name that it does not declare
// EXPECT: ill_formed<web, calls<database>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
  int handle(fetch) { return 0; }
};
struct cache {
  using calls = es::processes<database>;
};
struct web {
  using calls = es::processes<
#ifdef TWIN
      database
#else
      cache
#endif
      >;
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<web>& self) {
    co_return co_await self.call<database, database::fetch>();
  }
};
