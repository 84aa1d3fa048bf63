// A supervisor is given 6 s to stop, and its two processes 5 s each.
// EXPECT: a supervisor is given less time to stop than its processes may take
// EXPECT: ill_formed<storage, bad_combination<shutdown<.*6000000000.*>, stops_within<.*10000000000
// EXPECT: under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct database {};
struct cache {};
struct storage : es::supervisor<database, cache> {};
struct app : es::supervisor<es::child<storage, es::shutdown<
#ifdef TWIN
                                                   10_s
#else
                                                   6_s
#endif
                                                   >>> {
};
template struct es::check<app>;
