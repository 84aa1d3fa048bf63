// A process must restart with another one that crashes inside a subtree of its own.
// EXPECT: a process that must restart with another one is not restarted by its crash
// EXPECT: ill_formed<cache, must_restart_with<database>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct database {};
struct cache {
  using restarts_with = es::processes<database>;
};
struct storage : es::supervisor<
#ifdef TWIN
                     es::intensity<0, 5_s>,
#endif
                     database> {
};
struct app : es::supervisor<es::rest_for_one, storage, cache> {};
template struct es::check<app>;
