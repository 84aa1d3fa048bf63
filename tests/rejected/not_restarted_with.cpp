// A process must restart with another one, but that one's crash restarts only itself.
// EXPECT: a process that must restart with another one is not restarted by its crash
// EXPECT: ill_formed<cache, must_restart_with<database>, under<storage>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using restarts_with = es::processes<database>;
};
struct storage : es::supervisor<
#ifdef TWIN
                     es::rest_for_one
#else
                     es::one_for_one
#endif
                     ,
                     database, cache> {
};
struct app : es::supervisor<storage> {};
template struct es::check<app>;
