// Two suspicious parts of one tree are two sentences.
// EXPECT: a transient supervisor is never restarted
// EXPECT: ill_formed<storage, transient_supervisor, under<app>>
// EXPECT: a strategy has no effect, because the supervisor has a single child
// EXPECT: ill_formed<storage, one_for_all, strategy_without_effect>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
#ifdef TWIN
struct storage : es::supervisor<es::allow<es::strategy_without_effect>, es::one_for_all, database> {};
struct app : es::supervisor<es::child<storage, es::transient, es::allow<es::transient_supervisor>>> {};
#else
struct storage : es::supervisor<es::one_for_all, database> {};
struct app : es::supervisor<es::child<storage, es::transient>> {};
#endif
template struct es::check<app>;
