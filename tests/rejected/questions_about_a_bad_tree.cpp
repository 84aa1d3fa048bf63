// Questions about a bad tree compile; its mistake is said once, where it is checked.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct cache {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<database>;
};
struct app : es::supervisor<cache, database> {};
static_assert(es::process_count<app> == 2);
static_assert(es::start_order<app> == es::processes<cache, database>{});
static_assert(es::blast_radius<app, cache> == es::processes<cache>{});
static_assert(!es::diagram<app>.empty());
template struct es::check<app>;
