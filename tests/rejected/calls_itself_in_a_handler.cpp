// A handler calls its own process, and would wait for itself.
// EXPECT: a process calls itself, and would wait for itself
// EXPECT: ill_formed<cache, calls<cache>, which_is_itself>
#include <espalier/process.hpp>
namespace es = espalier;

struct cache {
  struct size {
    using reply = int;
  };
  int handle(size) { return 0; }
  struct get {
    using reply = int;
  };
  es::task<int> handle(get, [[maybe_unused]] es::context<cache>& self) {
#ifdef TWIN
    co_return handle(size{});
#else
    co_return co_await self.call<cache>(size{});
#endif
  }
};
