// A supervisor has a limit, and somewhere below it stands a process that has none.
// EXPECT: a supervisor is given less time to stop than its processes may take
// EXPECT: ill_formed<outer, bad_combination<shutdown<.*>, stops_within<.*9223372036854775807.*>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct writer {};
struct inner : es::supervisor<es::child<writer, es::shutdown<
#ifdef TWIN
                                                    1_h
#else
                                                    es::infinity
#endif
                                                    >>> {
};
struct outer : es::supervisor<inner> {};
struct app : es::supervisor<es::child<outer, es::shutdown<1_h>>> {};
template struct es::check<app>;
