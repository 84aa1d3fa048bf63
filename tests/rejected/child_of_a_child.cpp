// A child is wrapped twice.
// EXPECT: a child is not a process
// EXPECT: ill_formed<child<logs>, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::child<
#ifdef TWIN
                 logs
#else
                 es::child<logs>
#endif
                 >> {
};
template struct es::check<app>;
