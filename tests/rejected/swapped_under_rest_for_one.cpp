// Swapping cache and database makes two mistakes, the one from DESIGN 1.
// EXPECT: a process that must restart with another one is not restarted by its crash
// EXPECT: ill_formed<cache, must_restart_with<database>, under<storage>>
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<storage>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using calls = es::processes<database>;
  using restarts_with = es::processes<database>;
};
struct storage : es::supervisor<es::rest_for_one,
#ifdef TWIN
                                database, cache
#else
                                cache, database
#endif
                                > {
};
struct app : es::supervisor<storage> {};
template struct es::check<app>;
