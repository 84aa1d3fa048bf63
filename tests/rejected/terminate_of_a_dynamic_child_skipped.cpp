// The children of a dynamic supervisor suspend in their terminate, and are killed instead of stopped.
// EXPECT: a brutal_kill child has a terminate, which no stop runs
// EXPECT: ill_formed<session, terminate_skipped_on_stop, under<sessions>>
#include <espalier.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {
  es::task<void> terminate(es::exit_reason const&, es::context<session>& self) { co_await self.sleep(1_ms); }
};
struct sessions : es::dynamic<es::child<session, es::temporary,
#ifdef TWIN
                                        es::shutdown<1_s>
#else
                                        es::brutal_kill
#endif
                                        >> {
};
struct app : es::supervisor<sessions> {};
int main() { return es::run<app>(); }
