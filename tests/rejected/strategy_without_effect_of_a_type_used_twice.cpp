// A supervisor type with a strategy for siblings and a single child stands in the tree twice: one mistake.
// EXPECT: a strategy has no effect, because the supervisor has a single child
// EXPECT: ill_formed<storage, one_for_all, strategy_without_effect>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<
#ifndef TWIN
                     es::one_for_all,
#endif
                     database> {
};
struct east : es::supervisor<storage> {};
struct west : es::supervisor<storage> {};
struct app : es::supervisor<east, west> {};
template struct es::check<app>;
