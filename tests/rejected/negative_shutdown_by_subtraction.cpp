// A shutdown limit comes out negative.
// EXPECT: a shutdown limit is negative
// EXPECT: ill_formed<logs, invalid_shutdown<.*\{-2000000000\}>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<es::child<logs, es::shutdown<
#ifdef TWIN
                                                3_s
#else
                                                1_s
#endif
                                                - 3_s>>> {
};
template struct es::check<app>;
