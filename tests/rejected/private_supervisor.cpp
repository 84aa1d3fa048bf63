// A supervisor is derived privately, and its children would never start.
// EXPECT: a child is not a process
// EXPECT: ill_formed<storage, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
#ifdef TWIN
struct
#else
class
#endif
    storage : es::supervisor<database> {
};
struct app : es::supervisor<storage> {};
template struct es::check<app>;
