// A name stands for another name, which is no process.
// EXPECT: a child is not a process
// EXPECT: ill_formed<third, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct worker {};
struct second : es::name_for<worker> {};
struct third : es::name_for<
#ifdef TWIN
                   worker
#else
                   second
#endif
                   > {
};
struct app : es::supervisor<second, third> {};
template struct es::check<app>;
