// A process links to a dynamic child that is a supervisor.
// EXPECT: a supervisor is monitored, linked to or ended by a process
// EXPECT: ill_formed<group, is_not_a_process>
#include <espalier/system.hpp>
namespace es = espalier;

struct worker {};
struct group : es::supervisor<worker> {};
struct clerk {
  struct join {
    es::ref<group> to;
  };
  void handle(join m, es::context<clerk>& self) {
#ifdef TWIN
    self.link(m.to.member<worker>());
#else
    self.link(m.to);
#endif
  }
};
struct app : es::supervisor<clerk> {};
int main() { return es::run<app>(); }
