// A process starts children of what it does not declare.
// EXPECT: a process starts children of a dynamic supervisor that it does not declare
// EXPECT: ill_formed<listener, starts_children_of<sessions>, which_is_not_declared>
#include <espalier.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct sessions : es::dynamic<session> {};
struct listener {
#ifdef TWIN
  using starts = es::processes<sessions>;
#endif
  struct open {};
  es::task<> handle(open, es::context<listener>& self) { co_await self.start_child<sessions>(); }
};
struct app : es::supervisor<sessions, listener> {};
int main() {
  es::system<app> sys;
  sys.cast<listener>(listener::open{});
}
