// What the machine itself takes: a clock read, a throw, and a round trip between two threads.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "floors.hpp"

namespace {

/// How a thread waits until a word has a value, and how the other one sees to it that this is noticed.
struct waiting {
  void (*wait)(std::atomic<std::uint32_t>& word, std::uint32_t value);
  void (*wake)(std::atomic<std::uint32_t>& word);
};

/// Two threads that hand one word to and fro: even numbers are the first one's turn, odd ones the second's.
/// The first one pauses before each of its turns, which is not measured.
double round_trip(std::uint64_t count, std::size_t second_core, waiting of_first, waiting of_second,
                  std::chrono::microseconds pause = {}) {
  alignas(64) std::atomic<std::uint32_t> word{0};
  clock_type::duration took{};
  std::thread first = on_core(0, [&] {
    auto begin = clock_type::now();
    for (std::uint32_t i = 0; i != count; ++i) {
      if (pause.count() != 0) {
        std::this_thread::sleep_for(pause);
        begin = clock_type::now();
      }
      word.store(2 * i + 1, std::memory_order_seq_cst);
      of_second.wake(word);
      of_first.wait(word, 2 * i + 2);
      if (pause.count() != 0) took += clock_type::now() - begin;
    }
    if (pause.count() == 0) took = clock_type::now() - begin;
  });
  std::thread second = on_core(second_core, [&] {
    for (std::uint32_t i = 0; i != count; ++i) {
      of_second.wait(word, 2 * i + 1);
      word.store(2 * i + 2, std::memory_order_seq_cst);
      of_first.wake(word);
    }
  });
  first.join();
  second.join();
  expect("round trips", word, 2 * count);
  return nanoseconds(took) / static_cast<double>(count);
}

void spin_until(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  while (word.load(std::memory_order_acquire) != value) __builtin_ia32_pause();
}
long futex(std::atomic<std::uint32_t>& word, int what, std::uint32_t value) {
  return syscall(SYS_futex, &word, what, value, nullptr, nullptr, 0);
}
void sleep_until(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  for (std::uint32_t now = word.load(); now != value; now = word.load()) futex(word, FUTEX_WAIT_PRIVATE, now);
}
void wake_other(std::atomic<std::uint32_t>& word) { futex(word, FUTEX_WAKE_PRIVATE, 1); }

[[gnu::noinline]] void throw_if(bool yes) {
  if (yes) throw std::runtime_error("as asked");
}

constexpr waiting spinning{spin_until, [](std::atomic<std::uint32_t>&) {}};
constexpr waiting sleeping{sleep_until, wake_other};

}  // namespace

measurements wake_outside(std::uint64_t count) {
  if (std::thread::hardware_concurrency() < 2) return {};
  constexpr std::chrono::microseconds until_asleep{500};
  return {{"cast_outside", round_trip(100 * count, 1, spinning, spinning), "ns"},
          {"cast_outside_parked", round_trip(count / 10, 1, spinning, sleeping, until_asleep), "ns"},
          {"call_outside", round_trip(count, 1, sleeping, spinning), "ns"},
          {"call_outside_parked", round_trip(count / 10, 1, sleeping, sleeping, until_asleep), "ns"}};
}

measurements limits(std::uint64_t count) {
  measurements out;
  std::uint64_t sum = 0;
  auto begin = clock_type::now();
  for (std::uint64_t i = 0; i != count; ++i)
    sum += static_cast<std::uint64_t>(clock_type::now().time_since_epoch().count());
  out.push_back(
      {"limit_clock_read", nanoseconds(clock_type::now() - begin) / static_cast<double>(count), "ns"});
  if (sum == 0) throw miscounted("a clock that stands still");

  const std::uint64_t throws = count / 10;
  std::uint64_t caught = 0;
  begin = clock_type::now();
  for (std::uint64_t i = 0; i != throws; ++i) {
    try {
      throw_if(true);
    } catch (std::exception const&) {
      ++caught;
    }
  }
  out.push_back(
      {"limit_throw_catch", nanoseconds(clock_type::now() - begin) / static_cast<double>(throws), "ns"});
  expect("exceptions", caught, throws);
  out.push_back({"limit_futex_one_core", round_trip(count / 50, 0, sleeping, sleeping), "ns"});
  return out;
}
