// An intensity is negative.
// EXPECT: an intensity is negative
// EXPECT: ill_formed<app, invalid_intensity<-1>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct logs {};
struct app : es::supervisor<logs, es::intensity<
#ifdef TWIN
                                      1
#else
                                      -1
#endif
                                      ,
                                      5_s>> {
};
template struct es::check<app>;
