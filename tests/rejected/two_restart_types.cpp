// A child has two restart types.
// EXPECT: two options decide the same thing
// EXPECT: ill_formed<logs, option_given_twice<temporary>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::child<logs, es::transient
#ifndef TWIN
                                      ,
                                      es::temporary
#endif
                                      >> {
};
template struct es::check<app>;
