// A process names in its `casts` another one that is not in the tree.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<cache, casts<database>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using casts = es::processes<database>;
};
struct app : es::supervisor<
#ifdef TWIN
                 database,
#endif
                 cache> {
};
template struct es::check<app>;
