// A child has the same option twice.
// EXPECT: two options decide the same thing
// EXPECT: ill_formed<logs, option_given_twice<shutdown<.*>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<es::child<logs, es::shutdown<2_s>
#ifndef TWIN
                                      ,
                                      es::shutdown<2_s>
#endif
                                      >> {
};
template struct es::check<app>;
