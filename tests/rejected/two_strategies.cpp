// A supervisor has two strategies.
// EXPECT: two options decide the same thing
// EXPECT: ill_formed<storage, option_given_twice<one_for_all>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {};
struct storage : es::supervisor<es::rest_for_one,
#ifndef TWIN
                                es::one_for_all,
#endif
                                database, cache> {
};
struct app : es::supervisor<storage> {};
template struct es::check<app>;
