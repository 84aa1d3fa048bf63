// A dynamic supervisor is given a strategy.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<sessions, option_does_not_fit<one_for_all>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session
#ifndef TWIN
                              ,
                              es::one_for_all
#endif
                              > {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
