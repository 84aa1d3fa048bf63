// A static supervisor is given a number of children.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<sessions, option_does_not_fit<max_children<5>>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::
#ifdef TWIN
                      dynamic
#else
                      supervisor
#endif
                  <session, es::max_children<5>> {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
