// A program calls a name that stands in the tree twice.
// EXPECT: a name stands in the tree more than once
// EXPECT: ill_formed<web, which_is_ambiguous, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {
    using reply = int;
  };
  int handle(get) { return 0; }
};
struct other : es::name_for<web> {};
struct east : es::supervisor<web> {};
struct west : es::supervisor<
#ifdef TWIN
                  other
#else
                  web
#endif
                  > {
};
struct app : es::supervisor<east, west> {};
int main() {
  es::system<app> sys;
  return sys.call<web>(web::get{});
}
