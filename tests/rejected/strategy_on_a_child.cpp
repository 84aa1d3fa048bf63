// A child has a strategy.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<logs, option_does_not_fit<one_for_all>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::child<logs,
#ifdef TWIN
                                      es::permanent
#else
                                      es::one_for_all
#endif
                                      >> {
};
template struct es::check<app>;
