// A process needs a value that the program does not hand in.
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
struct app : es::supervisor<web> {};
int main() {
  return es::run<app>(
#ifdef TWIN
      es::with(options{})
#endif
  );
}
