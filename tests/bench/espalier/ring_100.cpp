// Processes in a ring, each a type of its own that names the next, and one message that goes round.
#include "rows.hpp"

namespace {

constexpr std::size_t size = 100;

/// Process I of them.
template <std::size_t I>
struct node {
  using next = node<(I + 1) % size>;
  using casts = es::processes<next>;
  using needs = es::environment<stopwatch*>;
  struct start {
    std::uint64_t hops;
  };
  struct hop {
    std::uint64_t left;
  };
  /// A last round, which adds up how often each process was passed.
  struct add_up {
    std::uint64_t visits;
  };
  struct asked {
    using reply = std::uint64_t;
  };

  void handle(start m, es::context<node>& self) {
    self.template environment<stopwatch*>()->start();
    self.template cast<next, typename next::hop>(m.hops - 1);
  }
  void handle(hop m, es::context<node>& self) {
    ++visits;
    if (m.left != 0) {
      self.template cast<next, typename next::hop>(m.left - 1);
    } else {
      self.template environment<stopwatch*>()->stop();
    }
  }
  void handle(add_up m, es::context<node>& self) {
    if constexpr (I == 0) {
      total = m.visits;
      self.template environment<stopwatch*>()->stop();
    } else {
      self.template cast<next, typename next::add_up>(m.visits + visits);
    }
  }
  std::uint64_t handle(asked) { return total; }

  std::uint64_t visits = 0;
  std::uint64_t total = 0;
};

template <class Sequence>
struct tree_of;
template <std::size_t... I>
struct tree_of<std::index_sequence<I...>> : es::supervisor<node<I>...> {};
struct tree : tree_of<std::make_index_sequence<size>> {};

}  // namespace

measurements ring_100(options const& o) {
  using first = node<0>;
  using second = node<1>;
  stopwatch watch;
  es::system<tree> sys(es::with(&watch), settings_of(o));
  sys.cast<first>(first::start{o.count});
  const double each = watch.wait(o.count);

  // The first process is left out of the last round; it was passed once in `size` hops.
  sys.cast<second>(second::add_up{0});
  watch.wait(1);
  expect("hops", sys.call<first>(first::asked{}) + o.count / size, o.count);
  return {{"ring_100", each, "ns"}};
}
