// A child has an intensity.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<logs, option_does_not_fit<intensity<3,.*>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<es::child<logs,
#ifdef TWIN
                                      es::shutdown<5_s>
#else
                                      es::intensity<3, 5_s>
#endif
                                      >> {
};
template struct es::check<app>;
