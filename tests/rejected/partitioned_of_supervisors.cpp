// The partitions are supervisors.
// EXPECT: a dynamic or partitioned supervisor has children of one process type
// EXPECT: ill_formed<shards, has_not_one_process>
#include <espalier/check.hpp>
namespace es = espalier;

struct shard {};
struct group : es::supervisor<shard> {};
#ifdef TWIN
struct shards : es::partitioned<shard, 4> {};
#else
struct shards : es::partitioned<group, 4> {};
#endif
struct app : es::supervisor<shards> {};
template struct es::check<app>;
