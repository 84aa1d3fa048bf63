// Processes of one type in a ring, started at run time, each with an `es::ref` to the next, and one message
// that goes round.
#include "rows.hpp"

namespace {

constexpr std::size_t size = 503;

struct member {
  using needs = es::environment<stopwatch*>;
  struct follow {
    es::ref<member> next;
  };
  struct start {
    std::uint64_t hops;
  };
  struct hop {
    std::uint64_t left;
  };
  struct asked {
    using reply = std::uint64_t;
  };

  void handle(follow m) { next = m.next; }
  void handle(start m, es::context<member>& self) {
    self.environment<stopwatch*>()->start();
    self.cast(next, hop{m.hops - 1});
  }
  void handle(hop m, es::context<member>& self) {
    ++visits;
    if (m.left != 0) {
      self.cast(next, hop{m.left - 1});
    } else {
      self.environment<stopwatch*>()->stop();
    }
  }
  std::uint64_t handle(asked) const { return visits; }

  es::ref<member> next;
  std::uint64_t visits = 0;
};
struct members : es::dynamic<member> {};
struct tree : es::supervisor<members> {};

}  // namespace

measurements ring_503(options const& o) {
  stopwatch watch;
  es::system<tree> sys(es::with(&watch), settings_of(o));
  std::vector<es::ref<member>> all;
  for (std::size_t i = 0; i != size; ++i) all.push_back(sys.start_child<members>());
  for (std::size_t i = 0; i != size; ++i) sys.cast(all[i], member::follow{all[(i + 1) % size]});
  sys.cast(all[0], member::start{o.count});
  const double each = watch.wait(o.count);
  std::uint64_t visits = 0;
  for (es::ref<member> const& m : all) visits += sys.call(m, member::asked{});
  expect("hops", visits, o.count);
  return {{"ring_503", each, "ns"}};
}
