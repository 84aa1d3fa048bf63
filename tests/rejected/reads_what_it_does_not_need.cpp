// A handler reads a value that its process does not declare.
// EXPECT: a process reads a value that it does not declare
// EXPECT: ill_formed<web, reads_environment<options>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct options {
  int port = 80;
};
struct web {
#ifdef TWIN
  using needs = es::environment<options>;
#endif
  struct port {
    using reply = int;
  };
  int handle(port, es::context<web>& self) { return self.environment<options>().port; }
};
