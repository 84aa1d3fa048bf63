// A mistake in a supervisor that is an alias, and has no name of its own.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<supervisor<cache, database>>>
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
using app = es::supervisor<es::supervisor<cache, database>>;
template struct es::check<app>;
