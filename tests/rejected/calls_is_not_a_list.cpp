// A process names whom it calls without a list.
// EXPECT: what a process declares is not a list; write es::processes<\.\.\.>
// EXPECT: ill_formed<cache,.*database
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using calls =
#ifdef TWIN
      es::processes<database>
#else
      database
#endif
      ;
};
struct app : es::supervisor<es::one_for_all, database, cache> {};
template struct es::check<app>;
