// A program calls, and what the handler answers is not the reply that the message names.
// EXPECT: what a handler answers does not convert to the reply that its message names
// EXPECT: ill_formed<web, does_not_reply_to<web::get>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {
    using reply = int;
  };
#ifdef TWIN
  int
#else
  char const*
#endif
      handle(get) {
    return {};
  }
};
struct app : es::supervisor<web> {};
int main() {
  es::system<app> sys;
  return sys.call<web>(web::get{});
}
