// A significant child has no restart type, and so is permanent.
// EXPECT: a significant child is permanent
// EXPECT: ill_formed<web, bad_combination<significant, permanent>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct web {};
struct app : es::supervisor<es::auto_shutdown_all, es::child<web, es::significant
#ifdef TWIN
                                                             ,
                                                             es::temporary
#endif
                                                             >> {
};
template struct es::check<app>;
