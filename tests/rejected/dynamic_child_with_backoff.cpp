// A dynamic child has a back-off.
// EXPECT: children of a dynamic supervisor have no es::backoff and no es::start_limit yet
// EXPECT: ill_formed<session, dynamic_child_with<backoff<.*>>, under<sessions>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<es::child<session
#ifndef TWIN
                                        ,
                                        es::backoff<1_s, 2_s>
#endif
                                        >,
                              es::intensity<5, 5_s>> {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
