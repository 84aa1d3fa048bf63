// 64 processes, all to all. Each sends a ping to every other one, and the next round once all are answered.
#include "rows.hpp"

namespace {

constexpr std::size_t size = 64;

struct judge {
  using needs = es::environment<stopwatch*>;
  struct finished {
    std::uint64_t pongs;
  };
  struct asked {
    using reply = std::uint64_t;
  };
  void handle(finished m, es::context<judge>& self) {
    pongs += m.pongs;
    if (++ended == size) self.environment<stopwatch*>()->stop();
  }
  std::uint64_t handle(asked) { return pongs; }

  std::uint64_t ended = 0;
  std::uint64_t pongs = 0;
};

template <std::size_t I>
struct number;
template <class Sequence>
struct many;
template <std::size_t... I>
struct many<std::index_sequence<I...>> {
  using names = es::processes<number<I>..., judge>;
};
using all = std::make_index_sequence<size>;

struct player {
  using casts = many<all>::names;
  struct start {
    std::size_t me;
    std::uint64_t count;
  };
  struct ping {
    std::size_t from;
  };
  struct pong {
    std::size_t from;
  };
  struct asked {
    using reply = std::uint64_t;
  };

  void handle(start m, es::context<player>& self) {
    me = m.me;
    count = m.count;
    round(self);
  }
  void handle(ping m, es::context<player>& self);
  void handle(pong, es::context<player>& self) {
    ++answered;
    if (answered != sent) return;
    if (sent != count) {
      round(self);
    } else {
      self.cast<judge, judge::finished>(answered);
    }
  }
  std::uint64_t handle(asked) { return pings; }

  /// A ping to each of the others, or to as many of them as are left.
  void round(es::context<player>& self);

  std::size_t me = 0;
  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t pings = 0;
};

template <std::size_t I>
struct number : es::name_for<player> {};

/// Which is known at run time only.
template <class Message, std::size_t... I>
void send(std::size_t to, std::size_t from, es::context<player>& self, std::index_sequence<I...>) {
  using function = void (*)(std::size_t, es::context<player>&);
  static constexpr function table[] = {
      [](std::size_t m, es::context<player>& s) { s.cast<number<I>, Message>(m); }...};
  table[to](from, self);
}

void player::handle(ping m, es::context<player>& self) {
  ++pings;
  send<pong>(m.from, me, self, all{});
}
void player::round(es::context<player>& self) {
  for (std::size_t other = 1; other != size && sent != count; ++other, ++sent) {
    send<ping>((me + other) % size, me, self, all{});
  }
}

template <class Sequence>
struct arena_of;
template <std::size_t... I>
struct arena_of<std::index_sequence<I...>> {
  struct starter {
    using casts = es::processes<number<I>...>;
    using needs = es::environment<stopwatch*>;
    struct start {
      std::uint64_t count;
    };
    void handle(start m, es::context<starter>& self) {
      self.template environment<stopwatch*>()->start();
      (self.template cast<number<I>, player::start>(I, m.count), ...);
    }
  };
  struct tree : es::supervisor<judge, number<I>..., starter> {};

  static std::uint64_t pings(es::system<tree>& sys) {
    return (sys.template call<number<I>>(player::asked{}) + ...);
  }
};
using arena = arena_of<all>;

}  // namespace

measurements big(options const& o) {
  const std::uint64_t each = o.count / size;
  stopwatch watch;
  es::system<arena::tree> sys(es::with(&watch), settings_of(o));
  sys.cast<arena::starter>(arena::starter::start{each});
  const double took = watch.wait(2 * each * size);  // a ping and its answer are two messages
  expect("pongs", sys.call<judge>(judge::asked{}), each * size);
  expect("pings", arena::pings(sys), each * size);
  return {{"big", took, "ns"}};
}
