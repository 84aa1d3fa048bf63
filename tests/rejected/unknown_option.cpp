// A child has an option that the library does not know.
// EXPECT: an option is not known
// EXPECT: ill_formed<logs, unknown_option<eternal>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct eternal {};
struct logs {};
struct app : es::supervisor<es::child<logs,
#ifdef TWIN
                                      es::permanent
#else
                                      eternal
#endif
                                      >> {
};
template struct es::check<app>;
