// A child has an auto_shutdown.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<logs, option_does_not_fit<auto_shutdown_any>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::child<logs,
#ifdef TWIN
                                      es::transient
#else
                                      es::auto_shutdown_any
#endif
                                      >> {
};
template struct es::check<app>;
