// A backoff waits for no time.
// EXPECT: the waits of a backoff are not positive, finite and in order
// EXPECT: ill_formed<web, invalid_backoff<(duration)?\{0\}, (duration)?\{0\}>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<es::intensity<5, 5_s>, es::child<web, es::backoff<
#ifdef TWIN
                                                                      1_s, 1_s
#else
                                                                      0_s, 0_s
#endif
                                                                      >>> {
};
template struct es::check<app>;
