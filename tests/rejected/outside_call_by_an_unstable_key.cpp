// A key is of a type whose hash would differ from one machine to another.
// EXPECT: a key has no hash that is the same everywhere
// EXPECT: ill_formed<double, has_no_stable_hash<double>>
#include <espalier.hpp>
namespace es = espalier;

struct shard {
  struct put {};
  void handle(put) {}
};
struct shards : es::partitioned<shard, 4> {};
struct app : es::supervisor<shards> {};
int main() {
  es::system<app> sys;
#ifdef TWIN
  sys.cast<shards>(es::key{1}, shard::put{});
#else
  sys.cast<shards>(es::key{0.1}, shard::put{});
#endif
}
