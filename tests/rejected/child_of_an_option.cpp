// A child has options, but no process.
// EXPECT: a child is not a process
// EXPECT: ill_formed<temporary, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::child<
#ifdef TWIN
                 logs,
#endif
                 es::temporary>> {
};
template struct es::check<app>;
