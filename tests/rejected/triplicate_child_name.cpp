// Three children of one supervisor have one name: one mistake.
// EXPECT: two children of one supervisor have the same name
// EXPECT: ill_formed<duplicate_child_name<worker>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct worker {};
struct second : es::name_for<worker> {};
struct third : es::name_for<worker> {};
struct app : es::supervisor<worker,
#ifdef TWIN
                            second, third
#else
                            worker, worker
#endif
                            > {
};
template struct es::check<app>;
