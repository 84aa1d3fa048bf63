// A supervisor's list says significant, which belongs to one child.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<app, option_does_not_fit<significant>(?!, void)
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::auto_shutdown_any,
#ifdef TWIN
                            es::child<logs, es::transient, es::significant>
#else
                            es::child<logs, es::transient>, es::significant
#endif
                            > {
};
template struct es::check<app>;
