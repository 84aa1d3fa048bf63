// A process calls into a subtree that starts after it.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using calls = es::processes<database>;
};
struct storage : es::supervisor<database> {};
struct app : es::supervisor<
#ifdef TWIN
                 storage, cache
#else
                 cache, storage
#endif
                 > {
};
template struct es::check<app>;
