// A dynamic supervisor is transient. It says itself that it is meant, or not.
// EXPECT: a transient supervisor is never restarted
// EXPECT: ill_formed<sessions, transient_supervisor, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct session {};
struct sessions : es::dynamic<session
#ifdef TWIN
                              ,
                              es::allow<es::transient_supervisor>
#endif
                              > {
};
struct app : es::supervisor<es::child<sessions, es::transient>> {};
template struct es::check<app>;
