// A dynamic supervisor allows one restart by default, and its children back off before the second.
// EXPECT: a backoff waits before a second restart, which the supervisor's intensity does not allow
// EXPECT: ill_formed<session, bad_combination<backoff<.*>, intensity_of<1>>, under<sessions>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<es::child<session, es::backoff<1_s, 2_s>>
#ifdef TWIN
                              ,
                              es::intensity<5, 5_s>
#endif
                              > {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
