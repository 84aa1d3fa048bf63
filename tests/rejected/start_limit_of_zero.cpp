// A start may take no time.
// EXPECT: a start limit is not a positive time
// EXPECT: ill_formed<web, invalid_start_limit<(duration)?\{0\}>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<es::child<web, es::start_limit<
#ifdef TWIN
                                               1_s
#else
                                               0_s
#endif
                                               >>> {
};
template struct es::check<app>;
