// A supervisor inside the tree has no children.
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<storage, has_no_children>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct storage : es::supervisor<
#ifdef TWIN
                     logs
#endif
                     > {
};
struct app : es::supervisor<logs, storage> {};
template struct es::check<app>;
