// A dynamic supervisor has no template.
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<sessions, has_no_children>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<
#ifdef TWIN
                      session,
#endif
                      es::intensity<3, 5_s>> {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
