// A shutdown limit is negative.
// EXPECT: a shutdown limit is negative
// EXPECT: ill_formed<logs, invalid_shutdown<.*\{-2000000000\}>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<es::child<logs, es::shutdown<
#ifdef TWIN
                                                2_s
#else
                                                -2_s
#endif
                                                >>> {
};
template struct es::check<app>;
