// A supervisor type without children stands in the tree twice: one mistake.
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<storage, has_no_children>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<
#ifdef TWIN
                     database
#endif
                     > {
};
struct east : es::supervisor<storage> {};
struct west : es::supervisor<storage> {};
struct app : es::supervisor<east, west> {};
template struct es::check<app>;
