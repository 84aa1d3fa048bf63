// A process ends another one that it does not declare (SEMANTICS 23).
// EXPECT: a process monitors, links to or ends a name that it does not declare
// EXPECT: ill_formed<cache, watches<logs>, which_is_not_declared>
#include <espalier.hpp>
namespace es = espalier;

struct database {};
struct logs {};
struct cache {
  using casts = es::processes<database>;
  void init(es::context<cache>& self) {
    self.exit<
#ifdef TWIN
        database
#else
        logs
#endif
        >(es::reason::crashed);
  }
};
struct app : es::supervisor<database, logs, cache> {};
int main() { es::system<app> sys; }
