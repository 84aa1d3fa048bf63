// A partitioned supervisor is to shut down by itself, once: the partitions' own options are right.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<shards, option_does_not_fit<auto_shutdown_any>>
#include <espalier/check.hpp>
namespace es = espalier;

struct shard {};
struct shards : es::partitioned<shard, 4
#ifndef TWIN
                                ,
                                es::auto_shutdown_any
#endif
                                > {
};
struct app : es::supervisor<shards> {};
template struct es::check<app>;
