#include <espalier.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <latch>

// Counts what the whole program allocates, so this is a program of its own.
namespace {
std::atomic<std::uint64_t> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(size)
                           : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) { return allocate(size, 1); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t a) {
  return allocate(size, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace es = espalier;
using namespace es::literals;

namespace {

constexpr int warm_up = 10;

/// How often it has allocated since the first few times.
struct watch {
  std::uint64_t begin = 0;
  void start() { begin = allocations; }
  std::uint64_t seen() const { return allocations - begin; }
};

struct asker;

struct answerer {
  using casts = es::processes<asker>;
  struct ask {
    using reply = int;
    int number;
  };
  struct ball {
    int left;
  };
  int handle(ask m) { return m.number; }
  void handle(ball m, es::context<answerer>& self);
};

struct asker {
  using calls = es::processes<answerer>;
  using casts = es::processes<answerer>;
  using needs = es::environment<std::latch*>;
  struct calls_of {
    using reply = std::uint64_t;
    int count;
  };
  struct ball {
    int left;
  };
  struct seen {
    using reply = std::uint64_t;
  };
  struct later {
    int left;
  };

  es::task<std::uint64_t> handle(calls_of m, es::context<asker>& self) {
    for (int i = -warm_up; i != m.count; ++i) {
      if (i == 0) memory.start();
      if (co_await self.call<answerer, answerer::ask>(i) != i) throw std::logic_error("a wrong answer");
    }
    co_return memory.seen();
  }
  void handle(ball m, es::context<asker>& self) {
    if (++balls == warm_up) memory.start();
    if (m.left == 0) return end(self);
    self.cast<answerer, answerer::ball>(m.left - 1);
  }
  void handle(later m, es::context<asker>& self) {
    if (++timers == warm_up) memory.start();
    if (m.left == 0) return end(self);
    self.send_after(1_us, later{m.left - 1});
  }
  void end(es::context<asker>& self) {
    allocated = memory.seen();
    self.environment<std::latch*>()->count_down();
  }
  std::uint64_t handle(seen) const { return allocated; }

  watch memory;
  int balls = 0;
  int timers = 0;
  std::uint64_t allocated = 0;
};

void answerer::handle(ball m, es::context<answerer>& self) { self.cast<asker, asker::ball>(m.left); }

struct pair : es::supervisor<answerer, asker> {};

/// With one worker: between two, blocks move in batches, and one may have to be noted.
struct running {
  std::latch done{1};
  es::system<pair> sys{es::with(&done), es::settings{.workers = 1}};

  /// What was allocated after the first few messages of a chain that begins with this one.
  template <class M>
  std::uint64_t after(M first) {
    sys.cast<asker>(first);
    done.wait();
    return sys.call<asker>(asker::seen{});
  }
};

TEST_CASE("calls allocate nothing in the steady state (promise 8)") {
  running r;
  CHECK(r.sys.call<asker>(asker::calls_of{10'000}) == 0);
}

TEST_CASE("casts allocate nothing in the steady state (promise 8)") {
  running r;
  CHECK(r.after(asker::ball{10'000}) == 0);
}

TEST_CASE("messages to oneself for later allocate nothing in the steady state (promise 8)") {
  running r;
  CHECK(r.after(asker::later{1'000}) == 0);
}

TEST_CASE("what is allocated is counted") {
  const std::uint64_t before = allocations;
  running r;
  CHECK(allocations > before);
}

}  // namespace
