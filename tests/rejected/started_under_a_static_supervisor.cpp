// A child is started from outside under a static supervisor.
// EXPECT: a child is started under what is no dynamic supervisor in the tree
// EXPECT: ill_formed<storage, is_not_dynamic, under<app>>
#include <espalier.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct storage : es::supervisor<session> {};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<storage, sessions> {};
int main() {
  es::system<app> sys;
  sys.start_child<
#ifdef TWIN
      sessions
#else
      storage
#endif
      >();
}
