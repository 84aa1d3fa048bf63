// A handler calls a partitioned supervisor, and does not say which partition.
// EXPECT: a partitioned supervisor is used without a key
// EXPECT: ill_formed<shards, which_needs_a_key>
#include <espalier/process.hpp>
namespace es = espalier;

struct shard {
  struct get {
    using reply = int;
  };
  int handle(get) { return 0; }
};
struct shards : es::partitioned<shard, 4> {};
struct front {
  using calls = es::processes<shards>;
  struct ask {
    using reply = int;
  };
  es::task<int> handle(ask, es::context<front>& self) {
#ifdef TWIN
    co_return co_await self.call<shards>(es::key{1}, shard::get{});
#else
    co_return co_await self.call<shards>(shard::get{});
#endif
  }
};
