// A name stands for a supervisor, whose children would never start.
// EXPECT: a child is not a process
// EXPECT: ill_formed<second, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct second : es::name_for<
#ifdef TWIN
                    database
#else
                    storage
#endif
                    > {
};
struct app : es::supervisor<storage, second> {};
template struct es::check<app>;
