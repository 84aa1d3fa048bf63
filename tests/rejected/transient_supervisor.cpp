// A supervisor is transient, and so gone for good once it has given up.
// EXPECT: a transient supervisor is never restarted
// EXPECT: ill_formed<storage, transient_supervisor, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct app : es::supervisor<es::child<storage, es::transient
#ifdef TWIN
                                      ,
                                      es::allow<es::transient_supervisor>
#endif
                                      >> {
};
template struct es::check<app>;
