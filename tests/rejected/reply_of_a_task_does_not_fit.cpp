// What a handler answers through a task is not the reply that its message names.
// EXPECT: what a handler answers does not convert to the reply that its message names
// EXPECT: ill_formed<database, does_not_reply_to<database::fetch>>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
#ifdef TWIN
  es::task<int>
#else
  es::task<char const*>
#endif
  handle(fetch) {
    co_return {};
  }
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
