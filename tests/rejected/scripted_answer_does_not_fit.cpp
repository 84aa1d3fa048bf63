// A test scripts an answer of the wrong type.
// EXPECT: a scripted answer does not convert to the reply that the message names
// EXPECT: ill_formed<database, answers<database::fetch>, text>
#include <espalier/testing/simulation.hpp>
namespace es = espalier;

struct database {
  struct fetch {
    using reply = int;
  };
  int handle(fetch) { return 1; }
};
struct text {};
struct app : es::supervisor<database> {};
int main() {
  es::simulation<app> sim;
  sim.answer<database, database::fetch>(
#ifdef TWIN
      2
#else
      text{}
#endif
  );
}
