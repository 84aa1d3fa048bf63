// A program calls with a message that names no reply, and uses the answer.
// EXPECT: a message that names no reply is used for a call
// EXPECT: ill_formed<web, calls_with<web::get>, which_names_no_reply>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {
#ifdef TWIN
    using reply = int;
#endif
  };
  int handle(get) { return 0; }
};
struct app : es::supervisor<web> {};
int main() {
  es::system<app> sys;
  return sys.call<web>(web::get{});
}
