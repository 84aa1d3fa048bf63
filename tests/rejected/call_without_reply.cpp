// A handler calls with a message that names no reply.
// EXPECT: a message that names no reply is used for a call
// EXPECT: ill_formed<database, calls_with<database::fetch>, which_names_no_reply>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
#ifdef TWIN
    using reply = int;
#endif
  };
  int handle(fetch) { return 0; }
};
struct cache {
  using calls = es::processes<database>;
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, es::context<cache>& self) {
    co_await self.call<database, database::fetch>();
    co_return 0;
  }
};
