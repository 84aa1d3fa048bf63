// A supervisor's list has a shutdown limit, which belongs to one child.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<app, option_does_not_fit<shutdown<.*>>(?!, void)
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<
#ifdef TWIN
                 es::child<logs, es::shutdown<2_s>>
#else
                 logs, es::shutdown<2_s>
#endif
                 > {
};
template struct es::check<app>;
