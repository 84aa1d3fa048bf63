// The partitions are supervisors.
// EXPECT: and a partitioned one has one process
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
