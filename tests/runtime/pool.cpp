#include <espalier/runtime/pool.hpp>

#include <doctest/doctest.h>

#include <ctime>
#include <future>
#include <latch>

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
