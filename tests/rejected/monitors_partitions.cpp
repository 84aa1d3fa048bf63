// A process monitors a partitioned supervisor as if it were one process.
// EXPECT: a partitioned supervisor is used without a key
// EXPECT: ill_formed<shards, which_needs_a_key>
#include <espalier/process.hpp>
namespace es = espalier;

struct shard {};
#ifdef TWIN
struct shards {};
#else
struct shards : es::partitioned<shard, 4> {};
#endif
struct front {
  using calls = es::processes<shards>;
  void handle(es::down<shards>) {}
  void init(es::context<front>& self) { self.monitor<shards>(); }
};
