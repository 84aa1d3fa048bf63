// Processes in a ring, each a type of its own, and one message that goes round.
#pragma once

#include "rows.hpp"

namespace ring {

/// Process I of N.
template <std::size_t I, std::size_t N>
struct node {
  using next = node<(I + 1) % N, N>;
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

template <std::size_t N, class Sequence>
struct tree_of;
template <std::size_t N, std::size_t... I>
struct tree_of<N, std::index_sequence<I...>> : es::supervisor<node<I, N>...> {};
template <std::size_t N>
struct tree : tree_of<N, std::make_index_sequence<N>> {};

template <std::size_t N>
measurements run(char const* name, options const& o) {
  using first = node<0, N>;
  using second = node<1, N>;
  stopwatch watch;
  es::system<tree<N>> sys(es::with(&watch), settings_of(o));
  sys.template cast<first>(typename first::start{o.count});
  const double each = watch.wait(o.count);

  // The first process is left out of the last round; it was passed once in N hops.
  sys.template cast<second>(typename second::add_up{0});
  watch.wait(1);
  expect("hops", sys.template call<first>(typename first::asked{}) + o.count / N, o.count);
  return {{name, each, "ns"}};
}

}  // namespace ring
