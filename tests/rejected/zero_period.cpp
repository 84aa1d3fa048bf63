// The period of an intensity is zero.
// EXPECT: the period of an intensity is not a positive, finite time
// EXPECT: ill_formed<app, invalid_period<.*\{0\}>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<logs, es::intensity<3,
#ifdef TWIN
                                                1_s
#else
                                                0_s
#endif
                                                >> {
};
template struct es::check<app>;
