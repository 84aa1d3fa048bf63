// A program casts a message that the process has no handler for.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<web, handles_no<web::get>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {};
#ifdef TWIN
  void handle(get) {}
#endif
};
struct app : es::supervisor<web> {};
int main() {
  es::system<app> sys;
  sys.cast<web>(web::get{});
}
