// A supervisor is to be killed, and its list has two strategies: two mistakes.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<storage, option_does_not_fit<brutal_kill>, under<app>>
// EXPECT: two options decide the same thing
// EXPECT: ill_formed<storage, option_given_twice<one_for_all>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {};
#ifdef TWIN
struct storage : es::supervisor<es::one_for_all, database, cache> {};
struct app : es::supervisor<es::child<storage, es::shutdown<es::infinity>>> {};
#else
struct storage : es::supervisor<es::one_for_one, es::one_for_all, database, cache> {};
struct app : es::supervisor<es::child<storage, es::brutal_kill>> {};
#endif
template struct es::check<app>;
