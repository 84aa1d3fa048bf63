// init answers a value through a task, and nobody would look.
// EXPECT: (init|terminate) answers? (nothing|something)
// EXPECT: ill_formed<web, .*task<bool>
#include <espalier.hpp>
namespace es = espalier;

struct web {
#ifdef TWIN
  es::task<> init(es::context<web>&) { co_return; }
#else
  es::task<bool> init(es::context<web>&) { co_return true; }
#endif
};
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
