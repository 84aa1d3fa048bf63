// A process monitors another one, and has no handler for the notice.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<cache, handles_no<down<database>>>
#include <espalier.hpp>
namespace es = espalier;

struct database {};
struct cache {
  using casts = es::processes<database>;
#ifdef TWIN
  void handle(es::down<database>) {}
#endif
  void init(es::context<cache>& self) { self.monitor<database>(); }
};
struct app : es::supervisor<database, cache> {};
int main() { es::system<app> sys; }
