// A process must restart with another one that never restarts.
// EXPECT: a process must restart with another one that is temporary and never restarts
// EXPECT: ill_formed<cache, must_restart_with<database>, which_is_temporary, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using restarts_with = es::processes<database>;
};
struct app : es::supervisor<es::one_for_all,
                            es::child<database,
#ifdef TWIN
                                      es::transient
#else
                                      es::temporary
#endif
                                      >,
                            cache> {
};
template struct es::check<app>;
