// What a process starts is not a list.
// EXPECT: what a process declares is not a list
// EXPECT: ill_formed<listener, names<sessions>, which_is_no_list, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session> {};
struct listener {
  using starts =
#ifdef TWIN
      es::processes<sessions>;
#else
      sessions;
#endif
};
struct app : es::supervisor<sessions, listener> {};
template struct es::check<app>;
