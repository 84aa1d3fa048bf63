// A supervisor type with two strategies stands in the tree twice: one mistake.
// EXPECT: two options decide the same thing
// EXPECT: ill_formed<storage, option_given_twice<one_for_all>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {};
struct storage : es::supervisor<database, cache, es::rest_for_one
#ifndef TWIN
                                ,
                                es::one_for_all
#endif
                                > {
};
struct east : es::supervisor<storage> {};
struct west : es::supervisor<storage> {};
struct app : es::supervisor<east, west> {};
template struct es::check<app>;
