// A process starts children of a dynamic supervisor that starts after it.
// EXPECT: a process starts children of a name that is no dynamic supervisor before it
// EXPECT: ill_formed<listener, starts_children_of<sessions>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session> {};
struct listener {
  using starts = es::processes<sessions>;
};
#ifdef TWIN
struct app : es::supervisor<sessions, listener> {};
#else
struct app : es::supervisor<listener, sessions> {};
#endif
template struct es::check<app>;
