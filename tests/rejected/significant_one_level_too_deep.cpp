// What is significant stands below a supervisor that never shuts down by itself: two mistakes.
// EXPECT: a supervisor shuts down when significant children have ended, and has none
// EXPECT: ill_formed<app, auto_shutdown_all, has_nothing_significant>
// EXPECT: a child is significant, but its supervisor never shuts down by itself
// EXPECT: ill_formed<web, bad_combination<significant, auto_shutdown_never>, under<inner>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct web {};
#ifdef TWIN
struct inner : es::supervisor<es::auto_shutdown_all, es::child<web, es::transient, es::significant>> {};
struct app : es::supervisor<es::auto_shutdown_all, es::child<inner, es::transient, es::significant>> {};
#else
struct inner : es::supervisor<es::child<web, es::transient, es::significant>> {};
struct app : es::supervisor<es::auto_shutdown_all, inner> {};
#endif
template struct es::check<app>;
