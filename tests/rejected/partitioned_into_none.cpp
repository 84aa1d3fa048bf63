// A partitioned supervisor has no partitions.
// EXPECT: a partitioned supervisor has no sensible number of partitions
// EXPECT: ill_formed<shards, invalid_partitions<0>>
#include <espalier/check.hpp>
namespace es = espalier;

struct shard {};
#ifdef TWIN
struct shards : es::partitioned<shard, 1> {};
#else
struct shards : es::partitioned<shard, 0> {};
#endif
struct app : es::supervisor<shards> {};
template struct es::check<app>;
