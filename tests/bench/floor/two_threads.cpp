// The floors of big and create on two threads, which ours is to use for a gain. Each thread has a loop
// (runtime.hpp) and half of the actors for good. What is sent to the other half goes by value, a few messages
// at a time, through a ring with one writer and one reader: four to a cache line, and one line after the
// other. Nothing is stolen, nobody sleeps, and both threads are kept on a core of their own: what is left is
// what has to cross.
#include "two_threads.hpp"

#include <memory>
#include <vector>

#include "floors.hpp"

namespace {

using namespace floor_of;

struct player final : actor {
  enum { start, ping, pong };
  void handle(message& m, loop& on) override {
    if (m.kind == ping) {
      ++pings;
      send(m.number, pong, on);
      return;
    }
    if (m.kind == pong && ++answered != sent) return;
    for (std::size_t other = 1; other != all->size() && sent != count; ++other, ++sent) {
      send((me + other) % all->size(), ping, on);
    }
    if (answered == count) at->ends();
  }
  void send(std::size_t to, std::uint32_t kind, loop& on) {
    player& p = (*all)[to];
    if (p.at == at) {
      on.send(p, kind, me);
    } else {
      at->put({&p, kind, static_cast<std::uint32_t>(me)});
    }
  }
  side* at = nullptr;
  std::vector<player>* all = nullptr;
  std::size_t me = 0;
  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t pings = 0;
};

/// Starts every second one for the other side, and all in memory of this side, to which that comes back.
struct starter final : actor {
  struct visitor final : actor {
    visitor(starter& s, side* other) : home(s), crosses_from(other) {}
    void handle(message& m, loop& on) override {
      number = static_cast<std::uint32_t>(m.number);
      on.end(*this);
    }
    void destroy() override {
      const letter done{this, 0, number};
      starter& s = home;
      side* const other = crosses_from;
      this->~visitor();
      if (other == nullptr) {
        s.take_back(done);
      } else {
        other->put(done);
      }
    }
    starter& home;
    side* crosses_from;
    std::uint32_t number = 0;
  };

  void handle(message&, loop& on) override {
    for (std::uint64_t i = 0; i != 1'000 && started != count && started - ended != most; ++i) {
      if (memory.empty()) memory.push_back(::operator new(sizeof(visitor)));
      void* const place = memory.back();
      memory.pop_back();
      if (++started % 2 == 0) {
        on.send(*new (place) visitor(*this, nullptr), 0, started);
      } else {
        at->put({new (place) visitor(*this, other), 0, static_cast<std::uint32_t>(started)});
      }
    }
    if (started != count) on.send(*this, 0, 0);
  }
  void take_back(letter const& done) {
    memory.push_back(done.to);
    at->on.send(*to, 0, done.number);
    if (++ended == count) at->ends();
  }
  ~starter() override {
    for (void* place : memory) ::operator delete(place);
  }
  static constexpr std::uint64_t most = ring::capacity / 2;  // at a time
  side* at = nullptr;
  side* other = nullptr;
  collector* to = nullptr;
  std::vector<void*> memory;
  std::uint64_t count = 0;
  std::uint64_t started = 0;
  std::uint64_t ended = 0;
};

}  // namespace

measurements big_on_two(std::uint64_t count) {
  constexpr std::size_t size = 64;
  static_assert(size * size < ring::capacity);
  two_sides both(size);
  std::vector<player> all(size);
  for (std::size_t i = 0; i != size; ++i) {
    all[i].at = &both.sides[i % 2];
    all[i].all = &all;
    all[i].me = i;
    all[i].count = count / size;
    all[i].at->on.send(all[i], player::start, 0);
  }
  auto deliver = [](letter const& l, loop& on) { on.send(*l.to, l.kind, l.number); };
  const double took = both.run(deliver, deliver) / static_cast<double>(2 * (count / size) * size);
  expect_all_answered(all, count / size);
  return {{"big", took, "ns"}};
}

measurements create_on_two(std::uint64_t count) {
  two_sides both(1);
  collector to;
  starter from;
  from.at = &both.sides[0];
  from.other = &both.sides[1];
  from.to = &to;
  from.count = count;
  from.at->on.send(from, 0, 0);
  auto take_back = [&](letter const& l, loop&) { from.take_back(l); };
  auto deliver = [](letter const& l, loop& on) { on.send(*l.to, 0, l.number); };
  const double took = both.run(take_back, deliver) / static_cast<double>(count);
  expect("messages", to.messages, count);
  expect("sum", to.sum, count * (count + 1) / 2);
  return {{"create", took, "ns"}};
}
