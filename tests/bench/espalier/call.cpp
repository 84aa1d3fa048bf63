// Requests with a reply, one after the other, each with the default timeout.
#include "rows.hpp"

namespace {

struct server {
  struct next {
    std::uint64_t number;
    using reply = std::uint64_t;
  };
  std::uint64_t handle(next m) { return m.number + 1; }
};

struct client {
  using calls = es::processes<server>;
  using needs = es::environment<stopwatch*>;
  struct start {
    std::uint64_t count;
  };
  struct asked {
    using reply = std::uint64_t;
  };
  es::task<void> handle(start m, es::context<client>& self) {
    self.environment<stopwatch*>()->start();
    for (std::uint64_t i = 0; i != m.count; ++i) sum += co_await self.call<server, server::next>(i);
    self.environment<stopwatch*>()->stop();
  }
  std::uint64_t handle(asked) { return sum; }

  std::uint64_t sum = 0;
};

struct office : es::supervisor<server, client> {};

}  // namespace

measurements call(options const& o) {
  stopwatch watch;
  es::system<office> sys(es::with(&watch), settings_of(o));
  sys.cast<client>(client::start{o.count});
  const double each = watch.wait(o.count);
  expect("sum of replies", sys.call<client>(client::asked{}), o.count * (o.count + 1) / 2);
  return {{"call", each, "ns"}};
}
