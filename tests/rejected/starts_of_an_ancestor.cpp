// A child of a dynamic supervisor starts its own siblings.
// EXPECT: a process starts children of a supervisor above it
// EXPECT: ill_formed<session, starts_children_of<sessions>, which_is_above_it, under<sessions>>
#include <espalier/check.hpp>
namespace es = espalier;

struct sessions;
struct rooms;
struct session {
#ifdef TWIN
  using starts = es::processes<rooms>;
#else
  using starts = es::processes<sessions>;
#endif
};
struct room {};
struct rooms : es::dynamic<room> {};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<rooms, sessions> {};
template struct es::check<app>;
