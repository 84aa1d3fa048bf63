// A child of a dynamic supervisor, which never shuts down by itself, is significant.
// EXPECT: a child is significant, but its supervisor never shuts down by itself
// EXPECT: ill_formed<session, bad_combination<significant, auto_shutdown_never>, under<sessions>>
#include <espalier/check.hpp>
namespace es = espalier;

struct session {};
struct sessions : es::dynamic<es::child<session, es::transient
#ifndef TWIN
                                        ,
                                        es::significant
#endif
                                        >> {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
