// A child is significant for a supervisor that never shuts down by itself.
// EXPECT: a child is significant, but its supervisor never shuts down by itself
// EXPECT: ill_formed<web, bad_combination<significant, auto_shutdown_never>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct web {};
struct app : es::supervisor<
#ifdef TWIN
                 es::auto_shutdown_any,
#endif
                 es::child<web, es::transient, es::significant>> {
};
template struct es::check<app>;
