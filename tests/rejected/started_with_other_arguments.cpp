// A child is started with other arguments than it declares.
// EXPECT: a child is started with other arguments than it declares
// EXPECT: ill_formed<session, started_with<.*>, which_it_does_not_take>
#include <espalier.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {
  using args = es::arguments<int, int>;
  session(int, int) {}
};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<sessions> {};
int main() {
  es::system<app> sys;
  sys.start_child<sessions>(1
#ifdef TWIN
                            ,
                            2
#endif
  );
}
