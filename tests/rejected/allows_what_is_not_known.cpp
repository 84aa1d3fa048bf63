// A child allows something that no message names.
// EXPECT: an option is not known
// EXPECT: ill_formed<logs, unknown_option<allow<everything>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct everything {};
struct logs {};
struct app : es::supervisor<es::child<logs, es::allow<
#ifdef TWIN
                                                es::terminate_skipped_on_stop
#else
                                                everything
#endif
                                                >>> {
};
template struct es::check<app>;
