// terminate answers a value through a task, and nobody would look.
// EXPECT: (init|terminate) answers? (nothing|something)
// EXPECT: ill_formed<web, .*task<int>
#include <espalier.hpp>
namespace es = espalier;

struct web {
#ifdef TWIN
  es::task<> terminate() { co_return; }
#else
  es::task<int> terminate() { co_return 0; }
#endif
};
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
