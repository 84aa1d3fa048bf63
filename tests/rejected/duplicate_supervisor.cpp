// Two children of one supervisor are the same supervisor.
// EXPECT: two children of one supervisor have the same name
// EXPECT: ill_formed<duplicate_child_name<storage>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct storage : es::supervisor<database> {};
struct second : es::supervisor<storage> {};
struct app : es::supervisor<storage,
#ifdef TWIN
                            second
#else
                            storage
#endif
                            > {
};
template struct es::check<app>;
