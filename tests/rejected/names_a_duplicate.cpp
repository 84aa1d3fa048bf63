// A process calls a name that two siblings have: one mistake, of the siblings.
// EXPECT: two children of one supervisor have the same name
// EXPECT: ill_formed<duplicate_child_name<database>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct other : es::name_for<database> {};
struct web {
  using calls = es::processes<database>;
};
struct app : es::supervisor<database,
#ifdef TWIN
                            other
#else
                            database
#endif
                            ,
                            web> {
};
template struct es::check<app>;
