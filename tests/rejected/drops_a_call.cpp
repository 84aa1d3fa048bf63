// A test drops a call, which the library never loses.
// EXPECT: a call is never lost, so it cannot be dropped
// EXPECT: ill_formed<database, drops<database::fetch>, which_takes_a_call_away>
#include <espalier/testing/simulation.hpp>
namespace es = espalier;

struct database {
  struct store {};
  struct fetch {
    using reply = int;
  };
  void handle(store) {}
  int handle(fetch) { return 1; }
};
struct app : es::supervisor<database> {};
int main() {
  es::simulation<app> sim;
  sim.drop<database,
#ifdef TWIN
           database::store
#else
           database::fetch
#endif
           >();
}
