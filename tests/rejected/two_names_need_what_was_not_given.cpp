// A process with two names needs a value that the program does not hand in: one mistake.
// EXPECT: a process needs a value that the system was not given
// EXPECT: ill_formed<web, needs<options>, which_was_not_given>
#include <espalier.hpp>
namespace es = espalier;

struct options {
  int port = 80;
};
struct web {
  using needs = es::environment<options>;
};
struct second : es::name_for<web> {};
struct app : es::supervisor<web, second> {};
int main() {
  es::system<app> sys(es::with(
#ifdef TWIN
      options {}
#else
      80
#endif
      ));
}
