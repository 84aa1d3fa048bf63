// A supervisor allows something that no message names.
// EXPECT: an option is not known
// EXPECT: ill_formed<app, unknown_option<allow<everything>>(?!, void)
#include <espalier/check.hpp>
namespace es = espalier;

struct everything {};
struct logs {};
struct app : es::supervisor<logs, es::allow<
#ifdef TWIN
                                      es::strategy_without_effect
#else
                                      everything
#endif
                                      >> {
};
template struct es::check<app>;
