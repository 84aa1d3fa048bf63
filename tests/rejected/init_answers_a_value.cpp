// init answers whether it worked, and nobody would look.
// EXPECT: (init|terminate) answers? (nothing|something)
// EXPECT: ill_formed<web, .*bool
#include <espalier.hpp>
namespace es = espalier;

struct web {
#ifdef TWIN
  void init() {}
#else
  bool init() { return true; }
#endif
};
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
