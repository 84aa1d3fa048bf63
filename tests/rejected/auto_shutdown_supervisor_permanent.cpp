// A supervisor that shuts down by itself is started again by its parent, for ever.
// EXPECT: a supervisor that shuts down by itself is permanent
// EXPECT: ill_formed<job, bad_combination<auto_shutdown_any, permanent>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct worker {};
struct job : es::supervisor<es::auto_shutdown_any, es::child<worker, es::transient, es::significant>> {};
struct app : es::supervisor<es::child<job,
#ifdef TWIN
                                      es::transient
#else
                                      es::permanent
#endif
                                      >> {
};
template struct es::check<app>;
