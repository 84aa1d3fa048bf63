// A significant child is permanent.
// EXPECT: a significant child is permanent
// EXPECT: ill_formed<web, bad_combination<significant, permanent>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct web {};
struct app : es::supervisor<es::auto_shutdown_any, es::child<web, es::significant,
#ifdef TWIN
                                                             es::transient
#else
                                                             es::permanent
#endif
                                                             >> {
};
template struct es::check<app>;
