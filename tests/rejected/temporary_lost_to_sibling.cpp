// The restart of a sibling ends a temporary child for good.
// EXPECT: the restart of a sibling ends a temporary child for good
// EXPECT: ill_formed<visit, temporary_lost_to_sibling, restart_of<web>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct visit {};
struct web {};
struct app : es::supervisor<es::one_for_all,
                            es::child<visit, es::temporary
#ifdef TWIN
                                      ,
                                      es::allow<es::temporary_lost_to_sibling>
#endif
                                      >,
                            web> {
};
template struct es::check<app>;
