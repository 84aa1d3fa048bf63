// A supervisor type with a wrong intensity stands in the tree twice: one mistake.
// EXPECT: an intensity is negative
// EXPECT: ill_formed<storage, invalid_intensity<-1>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct database {};
struct storage : es::supervisor<database, es::intensity<
#ifdef TWIN
                                              1
#else
                                              -1
#endif
                                              ,
                                              5_s>> {
};
struct east : es::supervisor<storage> {};
struct west : es::supervisor<storage> {};
struct app : es::supervisor<east, west> {};
template struct es::check<app>;
