// A key is given where there is one process.
// EXPECT: a key is given where there is one process
// EXPECT: ill_formed<shard, which_takes_no_key>
#include <espalier/process.hpp>
namespace es = espalier;

struct shard {
  struct put {};
  void handle(put) {}
};
struct front {
  using casts = es::processes<shard>;
  struct go {};
  void handle(go, es::context<front>& self) {
#ifdef TWIN
    self.cast<shard>(shard::put{});
#else
    self.cast<shard>(es::key{1}, shard::put{});
#endif
  }
};
