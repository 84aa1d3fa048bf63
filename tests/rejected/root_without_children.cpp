// The root has options, but no children.
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<app, has_no_children>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct web {};
struct app : es::supervisor<es::one_for_all
#ifdef TWIN
                            ,
                            logs, web
#endif
                            > {
};
template struct es::check<app>;
