// A supervisor type with a mistake stands in the tree twice: one mistake.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<storage>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<database>;
};
struct storage : es::supervisor<cache, database> {};
struct east : es::supervisor<storage> {};
struct west : es::supervisor<storage> {};
struct app : es::supervisor<east, west> {};
template struct es::check<app>;
