// A process names itself in its `calls`.
// EXPECT: a process calls itself
// EXPECT: ill_formed<cache, calls<cache>, which_is_itself, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct cache {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<cache>;
};
struct app : es::supervisor<cache> {};
template struct es::check<app>;
