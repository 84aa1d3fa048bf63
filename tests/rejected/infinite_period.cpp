// The period of an intensity never ends.
// EXPECT: the period of an intensity is not a positive, finite time
// EXPECT: ill_formed<app, invalid_period<.*\{9223372036854775807\}>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<logs, es::intensity<3,
#ifdef TWIN
                                                1_h
#else
                                                es::infinity
#endif
                                                >> {
};
template struct es::check<app>;
