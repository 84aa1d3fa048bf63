// A supervisor that shuts down by itself stands in a list without options, where two of its kind do.
// EXPECT: a supervisor that shuts down by itself is permanent
// EXPECT: ill_formed<second, bad_combination<auto_shutdown_all, permanent>, under<jobs>>
#include <espalier/check.hpp>
namespace es = espalier;

struct worker {};
using quits = es::child<worker, es::temporary, es::significant>;
struct first : es::supervisor<es::auto_shutdown_all, quits> {};
struct second : es::supervisor<es::auto_shutdown_all, quits> {};
struct jobs : es::supervisor<es::child<first, es::transient>,
#ifdef TWIN
                             es::child<second, es::temporary>
#else
                             second
#endif
                             > {
};
struct app : es::supervisor<jobs> {};
template struct es::check<app>;
