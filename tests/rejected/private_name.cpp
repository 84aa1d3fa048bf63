// A name is derived privately, and its process would never start.
// EXPECT: a child is not a process
// EXPECT: ill_formed<primary, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
#ifdef TWIN
struct
#else
class
#endif
    primary : es::name_for<database> {
};
struct app : es::supervisor<primary> {};
template struct es::check<app>;
