// A handler awaits something that the library does not know, and uses its value.
// EXPECT: a handler awaits something that would resume it on a foreign thread
// EXPECT: may_be_awaited<foreign>
#include <espalier/process.hpp>
namespace es = espalier;

struct foreign {
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() { return 1; }
};
es::task<int> ours() { co_return 1; }
struct web {
  struct get {
    using reply = int;
  };
  es::task<int> handle(get) {
    const int n = co_await
#ifdef TWIN
        ours()
#else
        foreign{}
#endif
        ;
    co_return n;
  }
};
