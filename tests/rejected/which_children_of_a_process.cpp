// The children of a process are asked for.
// EXPECT: a name is not that of a supervisor in the tree
// EXPECT: ill_formed<web, is_not_a_supervisor, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct web {};
struct app : es::supervisor<web> {};
int main() {
  es::system<app> sys;
  sys.which_children<
#ifdef TWIN
      app
#else
      web
#endif
      >();
}
