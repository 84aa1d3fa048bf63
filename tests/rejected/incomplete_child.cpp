// A child is only declared where its tree is checked, so nobody can look into it.
// EXPECT: a child is not (a process|complete)
// EXPECT: ill_formed<web, is_not_(a_process|complete), under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct web
#ifdef TWIN
{
}
#endif
;
struct app : es::supervisor<web> {};
template struct es::check<app>;
