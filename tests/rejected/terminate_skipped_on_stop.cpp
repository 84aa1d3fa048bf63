// A child has something to do at its end, and is killed instead of stopped.
// EXPECT: a brutal_kill child has a terminate, which no stop runs
// EXPECT: ill_formed<store, terminate_skipped_on_stop, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct store {
  void terminate() {}
};
struct app : es::supervisor<es::child<store, es::brutal_kill
#ifdef TWIN
                                      ,
                                      es::allow<es::terminate_skipped_on_stop>
#endif
                                      >> {
};
template struct es::check<app>;
