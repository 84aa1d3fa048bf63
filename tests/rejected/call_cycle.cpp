// Two processes call each other: one of them starts too late, in any order.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<ping, calls<pong>, which_starts_later, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct pong;
struct ping {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<pong>;
};
struct pong {
  using calls = es::processes<ping>;
};
struct app : es::supervisor<ping, pong> {};
template struct es::check<app>;
