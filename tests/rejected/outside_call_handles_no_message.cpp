// A program calls with a message that the process has no handler for.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<web, handles_no<web::get>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {
    using reply = int;
  };
#ifdef TWIN
  int handle(get) { return 0; }
#endif
};
struct app : es::supervisor<web> {};
int main() {
  es::system<app> sys;
  return sys.call<web>(web::get{});
}
