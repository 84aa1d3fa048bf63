// A supervisor allows one restart, and its child backs off before the second.
// EXPECT: a backoff waits before a second restart, which the supervisor's intensity does not allow
// EXPECT: ill_formed<web, bad_combination<backoff<.*1000000000.*8000000000.*>, intensity_of<1>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<es::intensity<
#ifdef TWIN
                                2
#else
                                1
#endif
                                ,
                                5_s>,
                            es::child<web, es::backoff<1_s, 8_s>>> {
};
template struct es::check<app>;
