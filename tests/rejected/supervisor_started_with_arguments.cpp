// A dynamic child that is a supervisor is started with an argument.
// EXPECT: a child is started with other arguments than it declares
// EXPECT: ill_formed<group, (espalier::)?started_with<int>, (espalier::)?which_it_does_not_take>
#include <espalier/system.hpp>
namespace es = espalier;

struct worker {};
struct group : es::supervisor<worker> {};
struct groups : es::dynamic<group> {};
struct app : es::supervisor<groups> {};
int main() {
  es::system<app> sys;
#ifdef TWIN
  sys.start_child<groups>();
#else
  sys.start_child<groups>(1);
#endif
}
