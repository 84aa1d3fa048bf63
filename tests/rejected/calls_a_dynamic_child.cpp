// A process calls the child type of a dynamic supervisor, without a ref.
// EXPECT: a process names another one that is not in the tree around it
// EXPECT: ill_formed<listener, calls<session>, which_is_not_in_scope, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session> {};
struct listener {
#ifdef TWIN
  using starts = es::processes<sessions>;
#else
  using calls = es::processes<session>;
#endif
};
struct app : es::supervisor<sessions, listener> {};
template struct es::check<app>;
