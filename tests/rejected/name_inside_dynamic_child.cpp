// A process names one inside a child of a dynamic supervisor, of which there may be many.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<clerk, calls<worker>, which_is_not_in_scope
#include <espalier/check.hpp>
namespace es = espalier;

struct worker {};
struct clerk {
  using calls = es::processes<worker>;
};
struct group : es::supervisor<worker> {};
#ifdef TWIN
struct groups : es::supervisor<group> {};
#else
struct groups : es::dynamic<group> {};
#endif
struct app : es::supervisor<groups, clerk> {};
template struct es::check<app>;
