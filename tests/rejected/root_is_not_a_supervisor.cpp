// The root of a tree is a process.
// EXPECT: the root of a tree is not a supervisor
// EXPECT: ill_formed<app, is_not_a_supervisor>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app
#ifdef TWIN
    : es::supervisor<logs>
#endif
{
};
template struct es::check<app>;
