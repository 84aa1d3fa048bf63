// Under rest_for_one, a temporary supervisor is lost to a sibling before it, and not to one after it.
// EXPECT: the restart of a sibling ends a temporary child for good
// EXPECT: ill_formed<batch, temporary_lost_to_sibling, restart_of<database>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct job {};
struct batch : es::supervisor<job> {};
struct report {};
struct database {};
struct web {};
struct app : es::supervisor<es::rest_for_one, es::child<report, es::temporary>,
#ifdef TWIN
                            es::child<batch, es::temporary>, database,
#else
                            database, es::child<batch, es::temporary>,
#endif
                            web> {
};
template struct es::check<app>;
