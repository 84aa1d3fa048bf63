#include <espalier.hpp>
#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <set>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct shard {
  struct put {
    std::string key;
  };
  struct where {
    using reply = std::size_t;
  };
  struct count {
    using reply = std::size_t;
  };
  struct fail {};
  void handle(put m) { keys.insert(m.key); }
  std::size_t handle(where, es::context<shard>& self) { return self.partition(); }
  std::size_t handle(count) { return keys.size(); }
  void handle(fail) { throw std::runtime_error("told to"); }
  std::set<std::string> keys;
};
struct shards : es::partitioned<es::child<shard>, 4, es::intensity<3, 5_s>> {};

struct front {
  using calls = es::processes<shards>;
  struct put {
    std::string key;
    using reply = std::size_t;
  };
  es::task<std::size_t> handle(put m, es::context<front>& self) {
    self.cast<shards, shard::put>(es::key{m.key}, m.key);
    const std::size_t n = co_await self.call<shards, shard::count>(es::key{m.key});
    co_return n;
  }
  struct ask {
    long long number;
    using reply = std::size_t;
  };
  es::task<std::size_t> handle(ask m, es::context<front>& self) {
    auto answer = co_await self.try_call<shards, shard::where>(es::key{m.number});
    co_return answer.value();
  }
};
struct app : es::supervisor<shards, front> {};

static_assert(es::is_valid<app>);
static_assert(es::process_count<app> == 5);
static_assert(es::start_order<app> == es::processes<shard, front>{});
static_assert(es::blast_radius<app, shards> == es::processes<shard>{});
static_assert(es::exposed<app, shards> == es::processes<shard, front>{});
static_assert(es::crash_budget<app, shards> == 4 * 2 - 1);
static_assert(es::shutdown_bound<app> == 25_s);
static_assert(es::diagram<app> ==
              "app (one_for_one, 1 in 5 s)\n"
              "├─ shards (partitioned 4, 3 in 5 s)\n"
              "│  └─ shard\n"
              "└─ front, calls shards\n");

static_assert(es::diagram_mermaid<app> ==
              "flowchart TD\n"
              "  n0[\"app (one_for_one, 1 in 5 s)\"]\n"
              "  n0 --> n1[\"shards (partitioned 4, 3 in 5 s)\"]\n"
              "  n1 --> n2([\"shard\"])\n"
              "  n0 --> n6([\"front\"])\n"
              "  n6 -. calls .-> n2\n");

TEST_CASE("a number goes to the partition of its absolute value modulo their number") {
  es::simulation<app> sim;
  for (auto [number, partition] : {std::pair{0LL, 0U}, {1LL, 1U}, {7LL, 3U}, {-7LL, 3U}, {-4LL, 0U}}) {
    CHECK(sim.call<front>(front::ask{number}) == partition);
    CHECK(sim.call<shards>(es::key{number}, shard::where{}) == partition);
  }
  CHECK(sim.call<shards>(es::key{INT64_MIN}, shard::where{}) == 0);
  CHECK(sim.call<shards>(es::key{UINT64_MAX}, shard::where{}) == 3);
  enum class color { red, green };
  CHECK(sim.call<shards>(es::key{color::green}, shard::where{}) == 1);
}

TEST_CASE("equal texts go to one partition, whatever holds them, on every machine") {
  es::simulation<app> sim;
  const std::string name = "eve";
  const auto at = sim.call<shards>(es::key{name}, shard::where{});
  CHECK(at == 1);  // FNV-1a of "eve" is 0xc30af418f069fe45
  CHECK(sim.call<shards>(es::key{"eve"}, shard::where{}) == at);
  CHECK(sim.call<shards>(es::key{std::string_view("eve")}, shard::where{}) == at);
}

TEST_CASE("what a process puts under a key is found under that key, and nowhere else") {
  es::simulation<app> sim;
  std::size_t put = 0;
  for (int i = 0; i != 100; ++i) CHECK(sim.call<front>(front::put{"key " + std::to_string(i)}) >= 1);
  for (int i = 0; i != 4; ++i) {
    const auto n = sim.call<shards>(es::key{i}, shard::count{});
    CHECK(n >= 15);  // evenly enough
    put += n;
  }
  CHECK(put == 100);
}

TEST_CASE("a crash restarts one partition, and all share one budget") {
  es::simulation<app> sim;
  for (int i = 0; i != 4; ++i) sim.cast<shards>(es::key{i}, shard::put{"x"});
  sim.crash<shards>(es::key{2});
  sim.cast<shards>(es::key{2}, shard::put{"y"});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<shard>().started<shard>()));
  CHECK(sim.reports().at(0).find("child       app/shards/shard[2] (permanent)") != std::string::npos);
  std::vector<std::size_t> counts;
  for (int i = 0; i != 4; ++i) counts.push_back(sim.call<shards>(es::key{i}, shard::count{}));
  CHECK(counts == std::vector<std::size_t>{1, 1, 0, 1});

  for (int i : {0, 1}) sim.cast<shards>(es::key{i}, shard::fail{});
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<shard>().crashed<shard>().crashed<shard>()));
  sim.cast<shards>(es::key{3}, shard::fail{});  // the fourth crash of any
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.gave_up<shards>().started<shards>()));
  CHECK(sim.call<shards>(es::key{0}, shard::where{}) == 0);
  CHECK(sim.broken().empty());
}

TEST_CASE("partitions are listed and counted by number, and stop in reverse") {
  es::simulation<app> sim;
  const auto all = sim.which_children<shards>();
  CHECK(all.size() == 4);
  CHECK(sim.count_children<shards>() == es::child_counts{.specs = 4, .active = 4, .workers = 4});
  sim.stop();
  CHECK(sim.matches(es::trace{}
                        .stopped<front>()
                        .stopped<shard>()
                        .stopped<shard>()
                        .stopped<shard>()
                        .stopped<shard>()
                        .stopped<shards>()
                        .stopped<app>()));
  CHECK(sim.try_call<shards>(es::key{0}, shard::where{}).reason() == es::reason::noproc);
}

TEST_CASE("partitions survive a crash at every message") {
  CHECK(es::crash_everywhere<app>([](es::simulation<app>& sim) {
    for (int i = 0; i != 6; ++i) sim.cast<shards>(es::key{i}, shard::put{"x"});
    sim.call<front>(front::put{"y"});
  }));
}

TEST_CASE("a system routes by key, from many threads") {
  es::system<app> sys{es::settings{.on_report = nullptr}};
  for (int i = 0; i != 200; ++i) sys.cast<shards>(es::key{i}, shard::put{std::to_string(i)});
  for (int i = 0; i != 4; ++i) CHECK(sys.call<shards>(es::key{i}, shard::count{}) == 50);
  CHECK(sys.which_children<shards>().size() == 4);
}

}  // namespace
