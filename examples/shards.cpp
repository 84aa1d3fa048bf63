// clang-format off
// Work that a key divides: eight shards count words, each word in the shard that its hash leads to.
#include <cassert>
#include <espalier.hpp>
#include <map>

namespace es = espalier;
using namespace es::literals;

struct shard {
  struct add { std::string word; };
  struct count { std::string word; using reply = int; };

  void handle(add m) { ++words[m.word]; }
  int handle(count m) { return words[m.word]; }
  std::map<std::string, int> words;
};

struct shards : es::partitioned<es::child<shard>, 8, es::intensity<3, 5_s>> {};

struct reader {
  using calls = es::processes<shards>;
  struct line { std::string text; };
  struct most { std::string a, b; using reply = std::string; };

  void handle(line m, es::context<reader>& self) {
    std::size_t from = 0;
    for (std::size_t to = 0; to != m.text.size(); from = to + 1) {
      to = std::min(m.text.find(' ', from), m.text.size());
      const std::string word = m.text.substr(from, to - from);
      self.cast<shards, shard::add>(es::key{word}, word);
    }
  }
  es::task<std::string> handle(most m, es::context<reader>& self) {
    const int a = co_await self.call<shards, shard::count>(es::key{m.a}, m.a);
    const int b = co_await self.call<shards, shard::count>(es::key{m.b}, m.b);
    co_return a < b ? m.b : m.a;
  }
};

struct app : es::supervisor<shards, reader> {};
static_assert(es::process_count<app> == 9);
static_assert(es::shutdown_bound<app> == 45_s);

int main() {
  es::system<app> sys;
  sys.cast<reader>(reader::line{"to be or not to be that is to ask"});
  assert(sys.call<reader>(reader::most{"be", "to"}) == "to");
  assert(sys.call<shards>(es::key{std::string("be")}, shard::count{"be"}) == 2);
}
