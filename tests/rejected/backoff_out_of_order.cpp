// The longest wait of a backoff is shorter than the first one.
// EXPECT: the waits of a backoff are not positive, finite and in order
// EXPECT: ill_formed<web, invalid_backoff<(duration)?\{2000000000\}, (duration)?\{1000000000\}>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<es::intensity<5, 5_s>, es::child<web, es::backoff<
#ifdef TWIN
                                                                      1_s, 2_s
#else
                                                                      2_s, 1_s
#endif
                                                                      >>> {
};
template struct es::check<app>;
