// A dynamic child starts siblings of its own (SEMANTICS 24).
// EXPECT: a process starts children of a supervisor above it
// EXPECT: ill_formed<session, starts_children_of<sessions>, which_is_above_it, under<sessions>>
#include <espalier/check.hpp>
namespace es = espalier;

struct others;
struct sessions;
struct session {
  using starts = es::processes<
#ifdef TWIN
      others
#else
      sessions
#endif
      >;
};
struct other {};
struct others : es::dynamic<other> {};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<others, sessions> {};
template struct es::check<app>;
