// A supervisor has a start function.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<storage, option_does_not_fit<start<&?make>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
constexpr database make() { return {}; }
struct storage : es::supervisor<database> {};
struct app : es::supervisor<es::child<
#ifdef TWIN
                 database
#else
                 storage
#endif
                 ,
                 es::start<make>>> {
};
template struct es::check<app>;
