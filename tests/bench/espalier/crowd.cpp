// Dynamic children: many that handle one message and end, and many that handle one message and stay idle.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "rows.hpp"

namespace {

constexpr std::uint64_t a_turn = 1'000;

struct collector {
  using needs = es::environment<stopwatch*>;
  struct expecting {
    std::uint64_t count;
  };
  struct done {
    std::uint64_t number;
  };
  struct asked {
    using reply = std::pair<std::uint64_t, std::uint64_t>;
  };
  void handle(expecting m) { left = m.count; }
  void handle(done m, es::context<collector>& self) {
    ++messages;
    sum += m.number;
    if (--left == 0) self.environment<stopwatch*>()->stop();
  }
  std::pair<std::uint64_t, std::uint64_t> handle(asked) { return {messages, sum}; }

  std::uint64_t left = 0;
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};

/// Ends after its message.
struct visitor {
  using casts = es::processes<collector>;
  struct visit {
    std::uint64_t number;
  };
  void handle(visit m, es::context<visitor>& self) {
    self.cast<collector, collector::done>(m.number);
    self.stop();
  }
};
/// Stays.
struct resident {
  using casts = es::processes<collector>;
  struct visit {
    std::uint64_t number;
  };
  void handle(visit m, es::context<resident>& self) { self.cast<collector, collector::done>(m.number); }
};

template <class P>
struct crowd : es::dynamic<es::child<P, es::temporary>> {};

/// Starts children, 1,000 a turn, and sends each a message.
template <class P>
struct starter {
  using starts = es::processes<crowd<P>>;
  using casts = es::processes<collector>;
  using needs = es::environment<stopwatch*>;
  struct start {
    std::uint64_t count;
  };
  struct more {};
  void handle(start m, es::context<starter>& self) {
    count = m.count;
    started = 0;
    self.template cast<collector, collector::expecting>(count);
    self.template environment<stopwatch*>()->start();
    self.template cast<starter, more>();
  }
  es::task<void> handle(more, es::context<starter>& self) {
    for (std::uint64_t i = 0; i != a_turn && started != count; ++i) {
      const es::ref<P> child = co_await self.template start_child<crowd<P>>();
      self.template cast<typename P::visit>(child, ++started);
    }
    if (started != count) self.template cast<starter, more>();
  }

  std::uint64_t count = 0;
  std::uint64_t started = 0;
};

template <class P>
struct hall : es::supervisor<collector, crowd<P>, starter<P>> {};

template <class P>
double run(es::system<hall<P>>& sys, stopwatch& watch, std::uint64_t count) {
  sys.template cast<starter<P>>(typename starter<P>::start{count});
  return watch.wait(count);
}
template <class P>
void check(es::system<hall<P>>& sys, std::uint64_t messages, std::uint64_t sum) {
  const auto [m, s] = sys.template call<collector>(collector::asked{});
  expect("messages", m, messages);
  expect("sum", s, sum);
}

std::uint64_t resident_memory() {
  std::FILE* const in = std::fopen("/proc/self/statm", "r");
  unsigned long long all = 0;
  unsigned long long resident = 0;
  if (in == nullptr || std::fscanf(in, "%llu %llu", &all, &resident) != 2) throw miscounted("no statm");
  std::fclose(in);
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

measurements create(options const& o) {
  stopwatch watch;
  es::system<hall<visitor>> sys(es::with(&watch), settings_of(o));
  const auto begin = clock_type::now();
  run(sys, watch, o.count);
  // The last of them may still be ending; it counts until it is gone.
  while (sys.count_children<crowd<visitor>>().active != 0) {
    if (clock_type::now() - begin > std::chrono::seconds(50)) throw miscounted("children did not end");
  }
  const double took = nanoseconds(clock_type::now() - begin) / static_cast<double>(o.count);
  check(sys, o.count, o.count * (o.count + 1) / 2);
  return {{"create", took, "ns"}};
}

measurements idle_process(options const& o) {
  stopwatch watch;
  es::system<hall<resident>> sys(es::with(&watch), settings_of(o));
  constexpr std::uint64_t first = 100;  // so that what is made once is there
  run(sys, watch, first);
  const std::uint64_t before = resident_memory();
  run(sys, watch, o.count);
  const std::uint64_t after = resident_memory();
  check(sys, first + o.count, first * (first + 1) / 2 + o.count * (o.count + 1) / 2);
  expect("children", sys.count_children<crowd<resident>>().active, first + o.count);
  return {{"idle_process", static_cast<double>(after - before) / static_cast<double>(o.count), "bytes"}};
}
