// A supervisor's list has a start function, which belongs to one child.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<app, option_does_not_fit<start<&?make>>(?!, void)
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
constexpr logs make() { return {}; }
struct app : es::supervisor<
#ifdef TWIN
                 es::child<logs, es::start<make>>
#else
                 logs, es::start<make>
#endif
                 > {
};
template struct es::check<app>;
