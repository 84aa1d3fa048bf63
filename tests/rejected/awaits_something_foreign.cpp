// A handler awaits something that the library does not know.
// EXPECT: a handler awaits something that would resume it on a foreign thread
// EXPECT: may_be_awaited<std.*suspend_always>
#include <espalier/process.hpp>
namespace es = espalier;

struct web {
  struct get {};
  es::task<> handle(get, es::context<web>& self) {
    co_await
#ifdef TWIN
        self.sleep(es::duration{1})
#else
        std::suspend_always{}
#endif
        ;
    self.stop();
  }
};
