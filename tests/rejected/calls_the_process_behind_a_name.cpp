// A process calls a process type that stands in the tree under another name.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<cache, calls<database>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct database {};
struct primary : es::name_for<database> {};
struct cache {
  using calls = es::processes<
#ifdef TWIN
      primary
#else
      database
#endif
      >;
};
struct app : es::supervisor<primary, cache> {};
template struct es::check<app>;
