// A handler casts two messages to a name that its process does not declare: one mistake.
// EXPECT: a process sends to a name that it does not declare
// EXPECT: ill_formed<cache, sends_to<database>, which_is_not_declared>
#include <espalier/process.hpp>
namespace es = espalier;

struct database {
  struct store {
    int row;
  };
  struct remove {
    int row;
  };
  void handle(store) {}
  void handle(remove) {}
};
struct cache {
#ifdef TWIN
  using casts = es::processes<database>;
#endif
  struct tick {};
  void handle(tick, es::context<cache>& self) {
    self.cast<database, database::store>(1);
    self.cast<database>(database::remove{1});
  }
};
