// A child is no class.
// EXPECT: a child is not a process
// EXPECT: ill_formed<int, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<
#ifdef TWIN
                 logs
#else
                 int
#endif
                 > {
};
template struct es::check<app>;
