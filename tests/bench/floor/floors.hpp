// What the floors share. Each answers the same measurements as the row of the same name of ours.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <thread>

#include "../measurement.hpp"

measurements big_on_two(std::uint64_t count);
measurements create_on_two(std::uint64_t count);
measurements wake_outside(std::uint64_t count);
measurements limits(std::uint64_t count);

/// Runs `work` on a thread that is kept on one core.
template <class Work>
std::thread on_core(std::size_t core, Work work) {
  return std::thread([=] {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    work();
  });
}

/// What the players of big have sent and been answered.
template <class Players>
void expect_all_answered(Players const& all, std::uint64_t each) {
  std::uint64_t pings = 0;
  std::uint64_t pongs = 0;
  for (auto const& p : all) {
    pings += p.pings;
    pongs += p.answered;
  }
  expect("pings", pings, each * all.size());
  expect("pongs", pongs, each * all.size());
}
