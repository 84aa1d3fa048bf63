// One process sends 60 others the same number of messages, 100 a turn to each of them, round by round.
#include "rows.hpp"

namespace {

constexpr std::uint64_t size = 60;
constexpr std::uint64_t a_turn = 100;

struct master;

struct worker {
  using casts = es::processes<master>;
  struct work {
    std::uint64_t number;
    std::uint64_t last;
  };
  void handle(work m, es::context<worker>& self);

  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};
template <std::size_t I>
struct worker_number : es::name_for<worker> {};

template <class Sequence>
struct many;
template <std::size_t... I>
struct many<std::index_sequence<I...>> {
  using names = es::processes<worker_number<I>...>;
  struct tree : es::supervisor<worker_number<I>..., master> {};
  /// The next message to each.
  static void send(es::context<master>& self, std::uint64_t number, std::uint64_t last);
};
using workers = many<std::make_index_sequence<size>>;

struct master {
  using casts = workers::names;
  using needs = es::environment<stopwatch*>;
  struct fork {
    std::uint64_t each;
  };
  struct more {};
  struct joined {
    std::uint64_t messages;
    std::uint64_t sum;
  };
  struct asked {
    using reply = std::pair<std::uint64_t, std::uint64_t>;
  };

  void handle(fork m, es::context<master>& self) {
    each = m.each;
    self.environment<stopwatch*>()->start();
    self.cast<master, more>();
  }
  void handle(more, es::context<master>& self) {
    for (std::uint64_t i = 0; i != a_turn && sent != each; ++i) workers::send(self, ++sent, each);
    if (sent != each) self.cast<master, more>();
  }
  void handle(joined m, es::context<master>& self) {
    messages += m.messages;
    sum += m.sum;
    if (++ended == size) self.environment<stopwatch*>()->stop();
  }
  std::pair<std::uint64_t, std::uint64_t> handle(asked) { return {messages, sum}; }

  std::uint64_t each = 0;
  std::uint64_t sent = 0;
  std::uint64_t ended = 0;
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};

void worker::handle(work m, es::context<worker>& self) {
  ++messages;
  sum += m.number;
  if (m.number == m.last) self.cast<master, master::joined>(messages, sum);
}

template <std::size_t... I>
void many<std::index_sequence<I...>>::send(es::context<master>& self, std::uint64_t number,
                                           std::uint64_t last) {
  (self.cast<worker_number<I>, worker::work>(number, last), ...);
}

}  // namespace

measurements fork_join(options const& o) {
  const std::uint64_t each = o.count / size;
  stopwatch watch;
  es::system<workers::tree> sys(es::with(&watch), settings_of(o));
  sys.cast<master>(master::fork{each});
  const double took = watch.wait(each * size);
  const auto [messages, sum] = sys.call<master>(master::asked{});
  expect("messages", messages, each * size);
  expect("sum", sum, each * (each + 1) / 2 * size);
  return {{"fork_join", took, "ns"}};
}
