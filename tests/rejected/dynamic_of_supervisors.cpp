// A dynamic supervisor has supervisors as its children.
// EXPECT: a dynamic or partitioned supervisor has children of one process type
// EXPECT: ill_formed<sessions, has_not_one_process>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct inner : es::supervisor<session> {};
struct sessions : es::dynamic<
#ifdef TWIN
                      session
#else
                      inner
#endif
                      > {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
