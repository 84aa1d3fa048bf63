// A process names a supervisor in its `calls`.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<cache, calls<storage>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct cache {
  using calls = es::processes<
#ifdef TWIN
      database
#else
      storage
#endif
      >;
};
struct app : es::supervisor<storage, cache> {};
template struct es::check<app>;
