// A dynamic supervisor is to shut down with its children.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<sessions, option_does_not_fit<auto_shutdown_any>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session,
#ifdef TWIN
                              es::max_children<8>
#else
                              es::auto_shutdown_any
#endif
                              > {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
