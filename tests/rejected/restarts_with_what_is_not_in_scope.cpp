// A process names in its `restarts_with` another one that is not in the tree.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<cache, must_restart_with<database>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using restarts_with = es::processes<database>;
};
struct app : es::supervisor<es::one_for_all,
#ifdef TWIN
                            database,
#endif
                            cache> {
};
template struct es::check<app>;
