// A test crashes a process that is not in the tree.
// EXPECT: a name is not in the tree
// EXPECT: ill_formed<web, which_is_not_in_scope, under<app>>
#include <espalier/testing/simulation.hpp>
namespace es = espalier;

struct logs {};
struct web {};
struct app : es::supervisor<logs> {};
int main() {
  es::simulation<app> sim;
  sim.crash<
#ifdef TWIN
      logs
#else
      web
#endif
      >();
}
