// A handler calls a name with two messages, and its process does not declare it: one mistake.
// EXPECT: a process calls a name that it does not declare
// EXPECT: ill_formed<cache, calls<database>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
  struct count {
    using reply = int;
  };
  int handle(fetch) { return 0; }
  int handle(count) { return 0; }
};
struct cache {
#ifdef TWIN
  using calls = es::processes<database>;
#endif
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<cache>& self) {
    co_return co_await self.call<database, database::fetch>() +
        co_await self.call<database, database::count>();
  }
};
