// A process names the same process twice, and it is not in the tree: one mistake.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<web, calls<database>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct web {
  using calls = es::processes<database, database>;
};
struct app : es::supervisor<
#ifdef TWIN
                 database,
#endif
                 web> {
};
template struct es::check<app>;
