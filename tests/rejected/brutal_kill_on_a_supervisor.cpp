// A supervisor is to be killed, and its children would stay.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<storage, option_does_not_fit<brutal_kill>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct app : es::supervisor<es::child<storage,
#ifdef TWIN
                                      es::shutdown<es::infinity>
#else
                                      es::brutal_kill
#endif
                                      >> {
};
template struct es::check<app>;
