// Somebody who is not its parent stops a supervisor (SEMANTICS 18).
// EXPECT: a name is not in the tree
// EXPECT: ill_formed<storage, which_is_not_in_scope, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct app : es::supervisor<storage> {};
int main() {
  es::system<app> sys;
  sys.terminate_child<
#ifdef TWIN
      database
#else
      storage
#endif
      >();
}
