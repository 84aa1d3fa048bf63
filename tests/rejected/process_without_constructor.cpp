// A process has only a constructor that nobody can call.
// EXPECT: a process cannot be built
// EXPECT: ill_formed<web, has_no_constructor
#include <espalier.hpp>
namespace es = espalier;

struct web {
  explicit web(int
#ifdef TWIN
               = 80
#endif
  ) {
  }
};
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
