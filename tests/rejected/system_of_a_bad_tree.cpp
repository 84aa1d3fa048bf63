// A bad tree is run and called: its mistake is said once, without an es::check.
// EXPECT: a process calls another one that starts after it
// EXPECT: ill_formed<cache, calls<database>, which_starts_later, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct database {};
struct cache {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<database>;
  struct size {
    using reply = int;
  };
  int handle(size) { return 0; }
};
struct app : es::supervisor<cache, database> {};

int main() {
  es::system<app> sys;
  return sys.call<cache>(cache::size{});
}
