// A handler calls a name that its process declares for casts only.
// EXPECT: a process calls a name that it declares for casts only
// EXPECT: ill_formed<cache, calls<database>, which_is_only_declared_for_casts>
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
  using calls
#else
  using casts
#endif
      = es::processes<database>;
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<cache>& self) {
    co_return co_await self.call<database, database::fetch>();
  }
};
