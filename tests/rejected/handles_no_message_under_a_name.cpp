// A handler casts to a name, and the process behind it has no handler for the message.
// EXPECT: a process has no handler for a message that is sent to it
// EXPECT: ill_formed<primary, handles_no<database::store>>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct store {
    int row;
  };
#ifdef TWIN
  void handle(store) {}
#endif
};
struct primary : es::name_for<database> {};
struct cache {
  using casts = es::processes<primary>;
  struct tick {};
  void handle(tick, es::context<cache>& self) { self.cast<primary, database::store>(1); }
};
