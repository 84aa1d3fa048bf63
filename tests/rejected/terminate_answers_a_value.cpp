// terminate answers a value, and nobody would look.
// EXPECT: (init|terminate) answers? (nothing|something)
// EXPECT: ill_formed<web, .*int
#include <espalier.hpp>
namespace es = espalier;

struct web {
#ifdef TWIN
  void
#else
  int
#endif
  terminate(es::exit_reason const&) {
    return
#ifndef TWIN
        0
#endif
        ;
  }
};
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
