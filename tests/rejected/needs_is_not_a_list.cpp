// A process names what it needs without a list.
// EXPECT: what a process declares is not a list; .*es::environment<\.\.\.>
// EXPECT: ill_formed<cache,.*database
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using needs =
#ifdef TWIN
      es::environment<database>
#else
      database
#endif
      ;
};
struct app : es::supervisor<es::one_for_all, database, cache> {};
template struct es::check<app>;
