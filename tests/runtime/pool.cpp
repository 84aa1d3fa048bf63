#include <espalier/runtime/pool.hpp>

#include <doctest/doctest.h>

#include <ctime>
#include <future>
#include <latch>
#include <semaphore>

namespace es = espalier;
using namespace es::literals;

namespace {

struct job final : es::runtime::runnable {
  explicit job(std::function<void()> what) : body(std::move(what)) {}
  void run() noexcept override { body(); }
  std::function<void()> body;
};
struct alarm final : es::runtime::timer {
  explicit alarm(std::function<void()> what) : body(std::move(what)) {}
  void expire() noexcept override { body(); }
  std::function<void()> body;
};

/// Told when it has run for long.
struct long_job final : es::runtime::runnable {
  long_job(std::function<void()> what, std::function<void()> told)
      : body(std::move(what)), tell(std::move(told)) {}
  void run() noexcept override { body(); }
  void stalled() noexcept override { tell(); }
  std::function<void()> body;
  std::function<void()> tell;
};

TEST_CASE("everything submitted is run once, by any number of workers") {
  for (unsigned workers : {1U, 2U, 4U}) {
    constexpr int count = 2000;
    std::atomic<int> runs{0};
    std::latch done(count);
    es::runtime::pool pool(workers);
    std::vector<std::unique_ptr<job>> jobs;
    for (int i = 0; i != count; ++i) {
      jobs.push_back(std::make_unique<job>([&] {
        ++runs;
        done.count_down();
      }));
    }
    for (auto& j : jobs) pool.submit(*j);
    done.wait();
    CHECK(runs == count);
  }
}

TEST_CASE("work that a busy worker has queued is stolen") {
  es::runtime::pool pool(2);
  std::promise<void> stolen;
  std::promise<void> finished;
  job second([&] { stolen.set_value(); });
  job first([&] {
    pool.submit(second);
    stolen.get_future().wait();  // this worker is busy until another one has run `second`
    finished.set_value();
  });
  pool.submit(first);
  finished.get_future().wait();
}

TEST_CASE("two that wake each other for ever do not starve a third") {
  es::runtime::pool pool(1);
  std::atomic<bool> has_run{false};
  std::promise<void> finished;
  job third([&] { has_run = true; });
  job* other = nullptr;
  job one([&] {
    if (!has_run) return pool.submit(*other);
    finished.set_value();
  });
  job two([&] { pool.submit(one); });
  other = &two;
  job first([&] {
    pool.submit(third);
    pool.submit(one);  // takes the place of the third as what runs next
  });
  pool.submit(first);
  finished.get_future().wait();
  CHECK(has_run);
}

TEST_CASE("one that has used up its turn comes after what is queued") {
  es::runtime::pool pool(1);
  std::string order;
  std::promise<void> finished;
  job flooded([&] {
    order += "flooded";
    finished.set_value();
  });
  job other([&] { order += "other, "; });
  job first([&] {
    pool.submit(other);
    pool.resubmit(flooded);
  });
  pool.submit(first);
  finished.get_future().wait();
  pool.end();
  CHECK(order == "other, flooded");
}

TEST_CASE("a sender does not get ahead of those it has woken, however long its turn was") {
  es::runtime::pool pool(1);
  constexpr int receivers = 60;
  int received = 0;
  int received_by_then = -1;
  std::promise<void> finished;
  std::vector<std::unique_ptr<job>> woken;
  for (int i = 0; i != receivers; ++i) woken.push_back(std::make_unique<job>([&] { ++received; }));
  int turns = 0;
  job sender([&] {
    if (++turns == 2) {
      received_by_then = received;
      return finished.set_value();
    }
    for (auto& w : woken) pool.submit(*w);
    const es::instant end = pool.now() + 20_ms;  // the watchdog looks several times
    while (pool.now() < end) {
    }
    pool.resubmit(sender);
  });
  pool.submit(sender);
  finished.get_future().wait();
  pool.end();
  CHECK(received_by_then == receivers);
}

TEST_CASE("what a function that does not return submits is run by others") {
  es::runtime::pool pool(1, 10_ms);
  std::promise<void> stalled;
  std::latch before(3);
  std::latch after(3);
  std::promise<void> finished;
  job early[3] = {job([&] { before.count_down(); }), job([&] { before.count_down(); }),
                  job([&] { before.count_down(); })};
  job late[3] = {job([&] { after.count_down(); }), job([&] { after.count_down(); }),
                 job([&] { after.count_down(); })};
  long_job stuck(
      [&] {
        for (auto& j : early) pool.submit(j);
        before.wait();  // by the thread that has got the seat
        stalled.get_future().wait();
        for (auto& j : late) pool.submit(j);
        after.wait();
        finished.set_value();
      },
      [&] { stalled.set_value(); });
  pool.submit(stuck);
  finished.get_future().wait();
  pool.end();
}

TEST_CASE("nothing is said to have stalled before its limit is over (SEMANTICS 16)") {
  for (int i = 0; i != 5; ++i) {
    es::runtime::pool pool(1, 20_ms);
    std::promise<es::instant> told;
    std::promise<es::duration> took;
    const es::instant before = pool.now();
    long_job slow([&] { took.set_value(told.get_future().get() - before); },
                  [&] { told.set_value(pool.now()); });
    pool.submit(slow);
    CHECK(took.get_future().get() >= 20_ms);
    pool.end();
  }
}

/// Submits something when it expires.
struct submission final : es::runtime::timer {
  submission(es::runtime::pool& p, es::runtime::runnable& r) : pool(p), what(r) {}
  void expire() noexcept override { pool.submit(what); }
  es::runtime::pool& pool;
  es::runtime::runnable& what;
};

TEST_CASE("a stall is told of also when all threads have slept before") {
  es::runtime::pool pool(2, 10_ms);
  for (int i = 0; i != 3; ++i) {
    std::promise<void> told;
    std::promise<void> finished;
    long_job slow(
        [&] {
          told.get_future().wait();
          finished.set_value();
        },
        [&] { told.set_value(); });
    submission later(pool, slow);
    pool.arm(later, pool.now() + 5_ms);
    finished.get_future().wait();
  }
  pool.end();
}

TEST_CASE("long turns are shared although short ones came before") {
  es::runtime::pool pool(2);
  constexpr int count = 50;
  std::atomic<int> threads{0};
  std::latch done(count);
  std::vector<std::unique_ptr<job>> slow;
  for (int i = 0; i != count; ++i) {
    slow.push_back(std::make_unique<job>([&] {
      thread_local bool is_known = false;
      if (!std::exchange(is_known, true)) ++threads;
      const es::instant end = pool.now() + 8_ms;
      while (threads != 2 && pool.now() < end) {
      }
      done.count_down();
    }));
  }
  int turns = 0;
  const es::instant settled = pool.now() + 50_ms;  // the watchdog looks seldom by then
  std::unique_ptr<job> quick = std::make_unique<job>([&] {
    if (++turns < 260 || pool.now() < settled) return pool.resubmit(*quick);
    for (auto& j : slow) pool.submit(*j);
  });
  pool.submit(*quick);
  done.wait();
  pool.end();
  CHECK(threads == 2);
}

TEST_CASE("outside work is not starved by workers that never rest") {
  es::runtime::pool pool(2);
  std::atomic<bool> has_run{false};
  std::latch ended(2);
  std::unique_ptr<job> busy[2];
  for (auto& b : busy) {
    b = std::make_unique<job>([&pool, &has_run, &ended, &b] {
      if (!has_run) return pool.resubmit(*b);
      ended.count_down();
    });
  }
  for (auto& b : busy) pool.submit(*b);
  job outside([&] { has_run = true; });
  pool.submit(outside);
  ended.wait();
  CHECK(has_run);
}

TEST_CASE("work that comes while workers go to sleep is run") {
  for (unsigned workers : {1U, 2U, 4U}) {
    es::runtime::pool pool(workers);
    std::binary_semaphore ran(0);
    job answer([&] { ran.release(); });
    job question([&] { pool.submit(answer); });
    for (int i = 0; i != 2000; ++i) {
      pool.submit(question);
      ran.acquire();
    }
  }
}

TEST_CASE("many that each wake many more are all run, by any number of workers") {
  for (unsigned workers : {1U, 2U, 4U}) {
    constexpr int branches = 100;
    constexpr int leaves = 50;
    std::latch done(branches * leaves);
    es::runtime::pool pool(workers);
    std::vector<std::unique_ptr<job>> all;
    for (int b = 0; b != branches; ++b) {
      const auto first = all.size();
      for (int l = 0; l != leaves; ++l) all.push_back(std::make_unique<job>([&] { done.count_down(); }));
      all.push_back(std::make_unique<job>([&all, &pool, first] {
        for (std::size_t l = first; l != first + leaves; ++l) pool.submit(*all[l]);
      }));
    }
    for (std::size_t b = leaves; b < all.size(); b += leaves + 1) pool.submit(*all[b]);
    done.wait();
  }
}

TEST_CASE("a deadline is not early, and late as little as is said, whichever clock it is taken from") {
  es::runtime::pool pool(1);
  for (es::duration d : {0_ms, 1_ms, 999_ms, 1_s, 5_s}) {
    const es::duration late = d <= 0_ms ? 0_ms : d < 1_s ? es::runtime::recent_clock::slack : 10_ms;
    for (int i = 0; i != 1000; ++i) {
      const es::instant before = pool.now();
      const es::instant due = pool.due_after(d);
      CHECK(due >= before + d);
      CHECK(due <= pool.now() + d + late);
    }
  }
}

TEST_CASE("timers expire while all workers are parked, and while one is busy") {
  es::runtime::pool pool(2);
  std::promise<void> rang;
  alarm bell([&] { rang.set_value(); });
  pool.arm(bell, pool.now() + 20_ms);
  rang.get_future().wait();

  std::promise<void> again;
  std::promise<void> release;
  std::promise<void> finished;
  alarm second([&] { again.set_value(); });
  job busy([&] {
    pool.arm(second, pool.now() + 20_ms);
    release.get_future().wait();
    finished.set_value();
  });
  pool.submit(busy);
  again.get_future().wait();
  release.set_value();
  finished.get_future().wait();
}

TEST_CASE("a timer that is armed for an earlier time is not held up by a later one") {
  es::runtime::pool pool(1);
  std::promise<void> rang;
  alarm late([] {});
  alarm early([&] { rang.set_value(); });
  pool.arm(late, pool.now() + 3600_s);
  pool.arm(early, pool.now() + 10_ms);
  CHECK(rang.get_future().wait_for(std::chrono::seconds(5)) == std::future_status::ready);
  pool.disarm(late);
}

es::duration processor_time() {
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return es::duration{t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

TEST_CASE("an idle pool uses no processor time (promise 7)") {
  es::runtime::pool pool(4);
  std::promise<void> rang;
  alarm bell([&] { rang.set_value(); });
  const es::duration before = processor_time();
  pool.arm(bell, pool.now() + 2_s);  // the pool's own timing is the subject: two seconds of it
  rang.get_future().wait();
  const es::duration used = processor_time() - before;
  MESSAGE("processor time of 4 parked workers over 2 s, in microseconds: ", used.nanoseconds / 1000);
  CHECK(used < 20_ms);
}

}  // namespace
