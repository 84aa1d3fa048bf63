// One process sends another one numbers, 1,000 a turn, and asks it once for their sum.
#include "rows.hpp"

namespace {

constexpr std::uint64_t a_turn = 1'000;

struct counter {
  struct add {
    std::uint64_t number;
  };
  struct total {
    using reply = std::pair<std::uint64_t, std::uint64_t>;
  };
  void handle(add m) {
    ++messages;
    sum += m.number;
  }
  std::pair<std::uint64_t, std::uint64_t> handle(total) { return {messages, sum}; }

  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};

struct producer {
  using calls = es::processes<counter>;
  using needs = es::environment<stopwatch*>;
  struct produce {
    std::uint64_t count;
  };
  struct more {};
  struct ask {};
  struct asked {
    using reply = std::pair<std::uint64_t, std::uint64_t>;
  };

  void handle(produce m, es::context<producer>& self) {
    count = m.count;
    self.environment<stopwatch*>()->start();
    self.cast<producer, more>();
  }
  void handle(more, es::context<producer>& self) {
    for (std::uint64_t i = 0; i != a_turn && sent != count; ++i) self.cast<counter, counter::add>(++sent);
    if (sent != count) {
      self.cast<producer, more>();
    } else {
      self.cast<producer, ask>();
    }
  }
  es::task<void> handle(ask, es::context<producer>& self) {
    answer = co_await self.call_for<counter, counter::total>(es::infinity);
    self.environment<stopwatch*>()->stop();
  }
  std::pair<std::uint64_t, std::uint64_t> handle(asked) { return answer; }

  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::pair<std::uint64_t, std::uint64_t> answer{};
};

struct factory : es::supervisor<counter, producer> {};

}  // namespace

measurements counting(options const& o) {
  stopwatch watch;
  es::system<factory> sys(es::with(&watch), settings_of(o));
  sys.cast<producer>(producer::produce{o.count});
  const double each = watch.wait(o.count);
  const auto [messages, sum] = sys.call<producer>(producer::asked{});
  expect("messages", messages, o.count);
  expect("sum", sum, o.count * (o.count + 1) / 2);
  return {{"counting", each, "ns"}};
}
