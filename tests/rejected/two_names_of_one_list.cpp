// A process names two others that are not in the tree: two mistakes.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<web, calls<cache>, which_is_not_in_scope, under<app>>
// EXPECT: ill_formed<web, calls<database>, which_is_not_in_scope, under<app>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {};
struct web {
  using calls = es::processes<database, cache>;
};
struct app : es::supervisor<
#ifdef TWIN
                 database, cache,
#endif
                 web> {
};
template struct es::check<app>;
