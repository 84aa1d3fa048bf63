// A significant child is permanent, and nothing shuts down with it: two mistakes.
// EXPECT: a significant child is permanent
// EXPECT: ill_formed<web, bad_combination<significant, permanent>, under<app>>
// EXPECT: a child is significant, but its supervisor never shuts down by itself
// EXPECT: ill_formed<web, bad_combination<significant, auto_shutdown_never>, under<app>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct web {};
struct app : es::supervisor<es::child<web
#ifndef TWIN
                                      ,
                                      es::significant
#endif
                                      >> {
};
template struct es::check<app>;
