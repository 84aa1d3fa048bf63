// The same rows as ours, written by hand on the loop in runtime.hpp: floor ROW [--count N] [--workers 2]
// prints a line for each measurement, `name<TAB>value<TAB>unit`. Whose counts do not add up fails.
#include "runtime.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <coroutine>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "floors.hpp"

namespace {

using namespace floor_of;

double each(clock_type::time_point begin, std::uint64_t n) {
  return nanoseconds(clock_type::now() - begin) / static_cast<double>(n);
}

struct ping final : actor {
  explicit ping(std::uint64_t n) : times(n) {}
  void handle(message& m, loop& on) override {
    sum += m.number;
    if (m.number != times) on.send(*pong, 0, m.number + 1);
  }
  actor* pong = nullptr;
  std::uint64_t times;
  std::uint64_t sum = 0;
};
struct pong final : actor {
  void handle(message& m, loop& on) override {
    ++hits;
    on.send(*ping, 0, m.number);
  }
  actor* ping = nullptr;
  std::uint64_t hits = 0;
};
measurements ping_pong(std::uint64_t count) {
  loop on;
  ping a(count);
  pong b;
  a.pong = &b;
  b.ping = &a;
  const auto begin = clock_type::now();
  on.send(a, 0, 0);
  on.run();
  const double took = each(begin, count);
  expect("hits", b.hits, count);
  expect("sum", a.sum, count * (count + 1) / 2);
  return {{"ping_pong", took, "ns"}};
}

struct counter final : actor {
  enum { add, total };
  void handle(message& m, loop& on) override {
    if (m.kind == add) {
      ++messages;
      sum += m.number;
    } else {
      on.send(*m.from, 0, sum);
    }
  }
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};
struct producer final : actor {
  enum { total, more };
  void handle(message& m, loop& on) override {
    if (m.kind == total) {
      answer = m.number;
      return;
    }
    for (std::uint64_t i = 0; i != a_turn && sent != count; ++i) on.send(*to, counter::add, ++sent);
    if (sent != count) {
      on.send(*this, more, 0);
    } else {
      on.send(*to, counter::total, 0, this);
    }
  }
  actor* to = nullptr;
  static constexpr std::uint64_t a_turn = 1'000;
  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::uint64_t answer = 0;
};
measurements counting(std::uint64_t count) {
  loop on;
  counter to;
  producer from;
  from.to = &to;
  from.count = count;
  const auto begin = clock_type::now();
  on.send(from, producer::more, 0);
  on.run();
  const double took = each(begin, count);
  expect("messages", to.messages, count);
  expect("sum", from.answer, count * (count + 1) / 2);
  return {{"counting", took, "ns"}};
}

struct node final : actor {
  void handle(message& m, loop& on) override {
    ++visits;
    if (m.number != 0) on.send(*next, 0, m.number - 1);
  }
  actor* next = nullptr;
  std::uint64_t visits = 0;
};
double ring(std::size_t size, std::uint64_t count) {
  loop on;
  std::vector<node> all(size);
  for (std::size_t i = 0; i != size; ++i) all[i].next = &all[(i + 1) % size];
  const auto begin = clock_type::now();
  on.send(all[0], 0, count - 1);
  on.run();
  const double took = each(begin, count);
  std::uint64_t hops = 0;
  for (node const& n : all) hops += n.visits;
  expect("hops", hops, count);
  return took;
}
measurements ring_100(std::uint64_t count) { return {{"ring_100", ring(100, count), "ns"}}; }
measurements ring_503(std::uint64_t count) { return {{"ring_503", ring(503, count), "ns"}}; }

struct worker final : actor {
  void handle(message& m, loop& on) override {
    ++messages;
    sum += m.number;
    if (m.number == last) on.send(*m.from, 1, messages);
  }
  std::uint64_t last = 0;
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};
struct master final : actor {
  void handle(message& m, loop& on) override {
    if (m.kind == 1) {
      joined += m.number;
      return;
    }
    for (std::uint64_t i = 0; i != 100 && sent != count; ++i) {
      ++sent;
      for (worker& w : *workers) on.send(w, 0, sent, this);
    }
    if (sent != count) on.send(*this, 0, 0);
  }
  std::vector<worker>* workers = nullptr;
  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::uint64_t joined = 0;
};
measurements fork_join(std::uint64_t count) {
  constexpr std::uint64_t size = 60;
  loop on;
  std::vector<worker> workers(size);
  master from;
  from.workers = &workers;
  from.count = count / size;
  for (worker& w : workers) w.last = from.count;
  const auto begin = clock_type::now();
  on.send(from, 0, 0);
  on.run();
  const double took = each(begin, from.count * size);
  std::uint64_t sum = 0;
  for (worker const& w : workers) sum += w.sum;
  expect("messages", from.joined, from.count * size);
  expect("sum", sum, from.count * (from.count + 1) / 2 * size);
  return {{"fork_join", took, "ns"}};
}

/// Made in recycled memory.
struct visitor final : actor {
  explicit visitor(std::vector<void*>& m) : memory(&m) {}
  void handle(message& m, loop& on) override {
    on.send(*m.from, 0, m.number);
    on.end(*this);
  }
  void destroy() override {
    std::vector<void*>& to = *memory;
    this->~visitor();
    to.push_back(this);
  }
  std::vector<void*>* memory;
};
struct starter final : actor {
  void handle(message&, loop& on) override {
    for (std::uint64_t i = 0; i != 1'000 && started != count; ++i) {
      if (memory.empty()) memory.push_back(::operator new(sizeof(visitor)));
      void* const at = memory.back();
      memory.pop_back();
      on.send(*new (at) visitor(memory), 0, ++started, to);
    }
    if (started != count) on.send(*this, 0, 0);
  }
  ~starter() override {
    for (void* at : memory) ::operator delete(at);
  }
  actor* to = nullptr;
  std::vector<void*> memory;
  std::uint64_t count = 0;
  std::uint64_t started = 0;
};
measurements create(std::uint64_t count) {
  loop on;
  collector to;
  starter from;
  from.to = &to;
  from.count = count;
  const auto begin = clock_type::now();
  on.send(from, 0, 0);
  on.run();
  const double took = each(begin, count);
  expect("messages", to.messages, count);
  expect("sum", to.sum, count * (count + 1) / 2);
  return {{"create", took, "ns"}};
}

struct resident final : actor {
  void handle(message& m, loop& on) override { on.send(*m.from, 0, m.number); }
};
std::uint64_t resident_memory() {
  std::FILE* const in = std::fopen("/proc/self/statm", "r");
  unsigned long long all = 0;
  unsigned long long used = 0;
  if (in == nullptr || std::fscanf(in, "%llu %llu", &all, &used) != 2) throw miscounted("no statm");
  std::fclose(in);
  return used * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}
measurements idle_process(std::uint64_t count) {
  loop on;
  collector to;
  const std::uint64_t before = resident_memory();
  const std::unique_ptr<resident[]> all(new resident[count]);
  for (std::uint64_t i = 0; i != count; ++i) {
    on.send(all[i], 0, i, &to);
    on.run();
  }
  const std::uint64_t after = resident_memory();
  expect("messages", to.messages, count);
  return {{"idle_process", static_cast<double>(after - before) / static_cast<double>(count), "bytes"}};
}

struct player final : actor {
  enum { start, ping_kind, pong_kind };
  void handle(message& m, loop& on) override {
    if (m.kind == ping_kind) {
      ++pings;
      on.send(*m.from, pong_kind, 0);
      return;
    }
    if (m.kind == pong_kind && ++answered != sent) return;
    const std::size_t size = all->size();
    for (std::size_t other = 1; other != size && sent != count; ++other, ++sent) {
      on.send((*all)[(me + other) % size], ping_kind, 0, this);
    }
  }
  std::vector<player>* all = nullptr;
  std::size_t me = 0;
  std::uint64_t count = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t pings = 0;
};
measurements big(std::uint64_t count) {
  constexpr std::size_t size = 64;
  loop on;
  std::vector<player> all(size);
  for (std::size_t i = 0; i != size; ++i) {
    all[i].all = &all;
    all[i].me = i;
    all[i].count = count / size;
  }
  const auto begin = clock_type::now();
  for (player& p : all) on.send(p, player::start, 0);
  on.run();
  const double took = each(begin, 2 * (count / size) * size);
  expect_all_answered(all, count / size);
  return {{"big", took, "ns"}};
}

struct server final : actor {
  void handle(message& m, loop& on) override { on.send(*m.from, 1, m.number + 1); }
};
/// Its handler is a coroutine, which waits for the reply.
struct client final : actor {
  struct task {
    struct promise_type {
      task get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { throw; }
    };
  };
  struct request {
    client& self;
    loop& on;
    std::uint64_t number;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> frame) {
      self.frame = frame;
      on.send(*self.to, 0, number, &self);
    }
    std::uint64_t await_resume() const { return self.reply; }
  };
  void handle(message& m, loop& on) override {
    if (m.kind == 0) {
      run(m.number, on);
    } else {
      reply = m.number;
      frame.resume();
    }
  }
  task run(std::uint64_t count, loop& on) {
    for (std::uint64_t i = 0; i != count; ++i) sum += co_await request{*this, on, i};
  }
  actor* to = nullptr;
  std::coroutine_handle<> frame;
  std::uint64_t reply = 0;
  std::uint64_t sum = 0;
};
measurements call(std::uint64_t count) {
  loop on;
  server to;
  client from;
  from.to = &to;
  const auto begin = clock_type::now();
  on.send(from, 0, count);
  on.run();
  const double took = each(begin, count);
  expect("sum of replies", from.sum, count * (count + 1) / 2);
  return {{"call", took, "ns"}};
}

/// What is destroyed and made anew in place.
struct state {
  explicit state(std::uint64_t n) : incarnation(n) {}
  virtual ~state() = default;
  std::uint64_t incarnation;
};
struct mayfly final : actor {
  enum { crash, ask };
  void handle(message& m, loop& on) override {
    if (m.kind == crash) {
      *thrown = clock_type::now();
      throw std::runtime_error("as asked");
    }
    on.send(*m.from, 1, life->incarnation);
  }
  void crashed(message& m, loop& on) override {
    ++*reports;
    for (auto sibling = group->rbegin(); sibling != group->rend(); ++sibling) (*sibling)->life.reset();
    for (mayfly* sibling : *group) sibling->life.emplace(++sibling->lives);
    on.send(*m.from, 0, 0);
  }
  std::vector<mayfly*>* group = nullptr;
  clock_type::time_point* thrown = nullptr;
  std::uint64_t* reports = nullptr;
  std::uint64_t lives = 1;
  std::optional<state> life{1U};
};
struct driver final : actor {
  void handle(message& m, loop& on) override {
    if (m.kind == 0) {  // it is told of the crash
      on.send(*to, mayfly::ask, 0, this);
      return;
    }
    took += nanoseconds(clock_type::now() - thrown);
    expect("incarnation", m.number, ++done + 1);
    if (done != count) on.send(*to, mayfly::crash, 0, this);
  }
  actor* to = nullptr;
  clock_type::time_point thrown;
  double took = 0;
  std::uint64_t count = 0;
  std::uint64_t done = 0;
};
double restart(std::size_t size, std::uint64_t count) {
  loop on;
  std::vector<mayfly> all(size);
  std::vector<mayfly*> group;
  std::uint64_t reports = 0;
  driver from;
  for (mayfly& m : all) {
    group.push_back(&m);
    m.group = &group;
    m.thrown = &from.thrown;
    m.reports = &reports;
  }
  from.to = group.back();
  from.count = count;
  on.send(*from.to, mayfly::crash, 0, &from);
  on.run();
  expect("restarts", from.done, count);
  expect("reports", reports, count);
  for (mayfly const& m : all) expect("incarnation", m.life->incarnation, count + 1);
  return from.took / 1e3 / static_cast<double>(count);
}
measurements restart_one(std::uint64_t count) { return {{"restart_one", restart(1, count), "us"}}; }
measurements restart_all(std::uint64_t count) { return {{"restart_all", restart(10, count), "us"}}; }

/// A wheel of one turn, a slot for each millisecond.
struct timer {
  timer* next;
  timer** from;  // what points to this one
};
class wheel {
 public:
  void start(timer& t, clock_type::time_point due) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(due.time_since_epoch()).count();
    timer*& slot = slots_[static_cast<std::size_t>(ms) % size];
    t.next = slot;
    t.from = &slot;
    if (slot != nullptr) slot->from = &t.next;
    slot = &t;
  }
  static void cancel(timer& t) {
    *t.from = t.next;
    if (t.next != nullptr) t.next->from = t.from;
  }
  std::uint64_t left() const {
    std::uint64_t n = 0;
    for (timer const* t : slots_) {
      for (; t != nullptr; t = t->next) ++n;
    }
    return n;
  }

 private:
  static constexpr std::size_t size = 1'024;
  timer* slots_[size] = {};
};
measurements timers(std::uint64_t count) {
  wheel w;
  std::vector<timer> all(count);
  auto begin = clock_type::now();
  for (std::uint64_t i = 0; i != count; ++i) {
    w.start(all[i], clock_type::now() + std::chrono::milliseconds(1 + i * 7'919 % 1'000));
  }
  const double start = each(begin, count);
  begin = clock_type::now();
  for (std::uint64_t i = 0; i < count; i += 2) wheel::cancel(all[i]);
  const double cancel = each(begin, (count + 1) / 2);
  expect("timers left", w.left(), count / 2);
  return {{"timer_start", start, "ns"}, {"timer_cancel", cancel, "ns"}};
}

struct member {
  explicit member(std::size_t& n) : up(n), number(n++) {}
  virtual ~member() = default;
  virtual void terminate() {
    if (--up != number) throw miscounted("stopped out of order");
  }
  std::size_t& up;
  std::size_t number;
};
measurements ordered_stop(std::uint64_t count) {
  std::size_t up = 0;
  std::vector<std::unique_ptr<member>> all;
  for (std::uint64_t i = 0; i != count; ++i) all.push_back(std::make_unique<member>(up));
  const auto begin = clock_type::now();
  for (; !all.empty(); all.pop_back()) all.back()->terminate();
  const double took = nanoseconds(clock_type::now() - begin) / 1e3;
  expect("still up", up, 0);
  return {{"ordered_stop", took, "us"}};
}

/// One thread that sleeps from tick to tick.
measurements idle_cpu(std::uint64_t seconds) {
  auto used = [] {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
  };
  const double before = used();
  auto due = clock_type::now();
  for (std::uint64_t i = 0; i != 10 * seconds; ++i)
    std::this_thread::sleep_until(due += std::chrono::milliseconds(100));
  return {{"idle_cpu", (used() - before) / static_cast<double>(seconds), "us/s"}};
}

struct row {
  char const* name;
  measurements (*run)(std::uint64_t count);
  std::uint64_t count;
  measurements (*run_on_two)(std::uint64_t count) = nullptr;
};
constexpr row rows[] = {
    {"ping_pong", ping_pong, 1'000'000},
    {"counting", counting, 5'000'000},
    {"ring_100", ring_100, 2'000'000},
    {"ring_503", ring_503, 2'000'000},
    {"fork_join", fork_join, 60 * 50'000},
    {"create", create, 200'000, create_on_two},
    {"idle_process", idle_process, 100'000},
    {"big", big, 64 * 5'000, big_on_two},
    {"call", call, 500'000},
    {"restart_one", restart_one, 20'000},
    {"restart_all", restart_all, 20'000},
    {"timers", timers, 100'000},
    {"ordered_stop", ordered_stop, 1'000},
    {"idle_cpu", idle_cpu, 5},
    {"wake_outside", wake_outside, 20'000},
    {"limits", limits, 1'000'000},
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures the floors.");
  std::vector<std::string> chosen;
  std::uint64_t count = 0;
  unsigned workers = 1;
  app.add_option("row", chosen, "which rows; all without one");
  app.add_option("--workers", workers, "threads: 1, or 2, which few rows have")->check(CLI::Range(1, 2));
  app.add_option("--count", count, "operations; each row has its own default");
  CLI11_PARSE(app, argc, argv);
  bool found = chosen.empty();
  for (row const& r : rows) {
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), r.name) == chosen.end()) continue;
    const auto run = workers == 1 ? r.run : r.run_on_two;
    if (run == nullptr) continue;
    found = true;
    try {
      for (measurement const& m : run(count == 0 ? r.count : count)) {
        std::printf("%s\t%.4g\t%s\n", m.name.c_str(), m.value, m.unit);
      }
    } catch (std::exception const& failed) {
      std::fprintf(stderr, "%s: %s\n", r.name, failed.what());
      return 1;
    }
  }
  if (!found) std::fprintf(stderr, "no such row%s\n", workers == 1 ? "" : " on two threads");
  return found ? 0 : 2;
}
