// A handler makes a call three times to what its process does not declare: one mistake.
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
    co_await self.call<database>(database::fetch{});
    co_await self.call_for<database, database::fetch>(es::infinity);
    co_return (co_await self.try_call<database, database::fetch>()).value();
  }
};
