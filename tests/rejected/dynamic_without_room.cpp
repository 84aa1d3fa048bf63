// A dynamic supervisor may have no children.
// EXPECT: a dynamic supervisor may have no children
// EXPECT: ill_formed<sessions, invalid_max_children<0>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session, es::max_children<
#ifdef TWIN
                                           1
#else
                                           0
#endif
                                           >> {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
