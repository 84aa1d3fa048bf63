// A process calls a name that stands twice in the nearest subtree with that name.
// EXPECT: a process names another one that stands in the nearest subtree more than once
// EXPECT: ill_formed<web, calls<database>, which_is_ambiguous, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct other : es::name_for<database> {};
struct east : es::supervisor<database> {};
struct west : es::supervisor<
#ifdef TWIN
                  other
#else
                  database
#endif
                  > {
};
struct web {
  using calls = es::processes<database>;
};
struct app : es::supervisor<east, west, web> {};
template struct es::check<app>;
