// A supervisor's list has a restart type, which belongs to one child.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<app, option_does_not_fit<permanent>(?!, void)
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<
#ifdef TWIN
                 es::child<logs, es::permanent>
#else
                 logs, es::permanent
#endif
                 > {
};
template struct es::check<app>;
