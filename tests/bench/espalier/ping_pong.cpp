// Two processes, one message between them.
#include "rows.hpp"

namespace {

struct pong;

struct ping {
  using casts = es::processes<pong>;
  using needs = es::environment<stopwatch*>;
  struct serve {
    std::uint64_t times;
  };
  struct back {
    std::uint64_t number;
  };
  struct asked {
    using reply = std::uint64_t;
  };
  void handle(serve m, es::context<ping>& self);
  void handle(back m, es::context<ping>& self);
  std::uint64_t handle(asked) { return sum; }

  std::uint64_t times = 0;
  std::uint64_t sum = 0;
};

struct pong {
  using casts = es::processes<ping>;
  struct there {
    std::uint64_t number;
  };
  struct asked {
    using reply = std::uint64_t;
  };
  void handle(there m, es::context<pong>& self) {
    ++hits;
    self.cast<ping, ping::back>(m.number);
  }
  std::uint64_t handle(asked) { return hits; }

  std::uint64_t hits = 0;
};

void ping::handle(serve m, es::context<ping>& self) {
  times = m.times;
  self.environment<stopwatch*>()->start();
  self.cast<pong, pong::there>(1U);
}
void ping::handle(back m, es::context<ping>& self) {
  sum += m.number;
  if (m.number == times) {
    self.environment<stopwatch*>()->stop();
  } else {
    self.cast<pong, pong::there>(m.number + 1);
  }
}

struct table : es::supervisor<ping, pong> {};

}  // namespace

measurements ping_pong(options const& o) {
  stopwatch watch;
  es::system<table> sys(es::with(&watch), settings_of(o));
  sys.cast<ping>(ping::serve{o.count});
  const double each = watch.wait(o.count);
  expect("hits of pong", sys.call<pong>(pong::asked{}), o.count);
  expect("sum of ping", sys.call<ping>(ping::asked{}), o.count * (o.count + 1) / 2);
  return {{"ping_pong", each, "ns"}};
}
