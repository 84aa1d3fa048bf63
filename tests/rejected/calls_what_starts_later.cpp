// A process calls another one that starts after it.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<app>>
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
struct app : es::supervisor<cache, database> {};
template struct es::check<app>;
