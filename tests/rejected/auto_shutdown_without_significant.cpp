// A supervisor shuts down with its significant children, and has none.
// EXPECT: a supervisor shuts down when significant children have ended, and has none
// EXPECT: ill_formed<app, auto_shutdown_any, has_nothing_significant>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct web {};
struct app : es::supervisor<es::auto_shutdown_any, logs,
                            es::child<web, es::transient
#ifdef TWIN
                                      ,
                                      es::significant
#endif
                                      >> {
};
template struct es::check<app>;
