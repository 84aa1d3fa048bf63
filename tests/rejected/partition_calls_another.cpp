// A partition calls its own partitioned supervisor, where another one may be calling it.
// EXPECT: a process calls itself
// EXPECT: ill_formed<shard, calls<shards>, which_is_itself, under<shards>>
#include <espalier/check.hpp>
namespace es = espalier;

struct shards;
struct shard {
#ifdef TWIN
  using casts
#else
  using calls
#endif
      = es::processes<shards>;
};
struct shards : es::partitioned<shard, 4> {};
struct app : es::supervisor<shards> {};
template struct es::check<app>;
