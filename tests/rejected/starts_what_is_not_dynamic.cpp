// A process starts children of a static supervisor.
// EXPECT: a process starts children of a name that is no dynamic supervisor before it
// EXPECT: ill_formed<listener, starts_children_of<storage>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct storage : es::supervisor<session> {};
struct sessions : es::dynamic<session> {};
struct listener {
  using starts = es::processes<
#ifdef TWIN
      sessions
#else
      storage
#endif
      >;
};
struct app : es::supervisor<storage, sessions, listener> {};
template struct es::check<app>;
