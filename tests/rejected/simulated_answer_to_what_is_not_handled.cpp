// A test scripts an answer to a message that the process does not handle.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<database, handles_no<database::drop>>
#include <espalier/testing/simulation.hpp>
namespace es = espalier;

struct database {
  struct drop {};
  struct store {};
  void handle(store) {}
};
struct app : es::supervisor<database> {};
int main() {
  es::simulation<app> sim;
  sim.answer<database,
#ifdef TWIN
             database::store
#else
             database::drop
#endif
             >(es::never{});
}
