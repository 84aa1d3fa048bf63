// A test scripts an answer of a process that the one under test does not name.
// EXPECT: a process sends to a name that it does not declare
// EXPECT: ill_formed<cache, sends_to<logs>, which_is_not_declared>
#include <espalier/testing/simulation_of.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
  int handle(fetch) { return 1; }
};
struct logs : database {};
struct cache {
  using calls = es::processes<database>;
};
int main() {
  es::simulation_of<cache> sim;
  sim.answer<
#ifdef TWIN
      database
#else
      logs
#endif
      ,
      database::fetch>(2);
}
