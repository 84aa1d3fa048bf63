// An option of a child stands in the list of a supervisor.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<app, option_does_not_fit<drain>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<
#ifndef TWIN
                 es::drain,
#endif
                 web> {
};
template struct es::check<app>;
