// Crashes every process of logwatch at every message, over a small log: whatever crashes, every undamaged
// line is counted exactly once.
#include <doctest/doctest.h>

#include <sys/mman.h>
#include <espalier/testing.hpp>

#include "../../examples/logwatch/tree.hpp"

namespace {

constexpr std::string_view log =
    "2025-06-24 14:05:01 install one:amd64 <none> 1.0\n"
    "2025-06-24 14:05:02 upgrade two:amd64 1.0 1.1\n"
    "2025-06-24 14:05:03 status installed two:amd64 1.1\n"
    "2025-06-24 15:05:04 remove three:all 2.0 <none>\n"
    "2025-06-24 15:05:05 install four:amd64 <none> 1.0\n"
    "2025-06-25 09:00:00 install five:amd64 <none> 1.0\n"
    "2025-06-25 09:00:01 upgrade one:amd64 1.0 1.2\n"
    "2025-06-25 09:00:02 startup archives unpack\n"
    "2025-06-25 09:00:03 remove five:amd64 1.0 <none>\n";
constexpr int damaged_line = 5;

struct small_log {
  small_log() : from{"a small log", memfd_create("log", 0)} {
    REQUIRE(write(from.file, log.data(), log.size()) == std::ptrdiff_t(log.size()));
  }
  small_log(small_log const&) = delete;
  small_log& operator=(small_log const&) = delete;
  ~small_log() { close(from.file); }

  /// The values of a new run.
  auto values() {
    lseek(from.file, 0, SEEK_SET);
    came_of_it = {};
    return es::with(from, corruption{damaged_line}, &came_of_it);
  }

  input from;
  result came_of_it;
};

bool is_exact(result const& r) {
  const std::map<std::string, counts> hours = {
      {"2025-06-24 14", {1, 1, 0}}, {"2025-06-24 15", {0, 0, 1}}, {"2025-06-25 09", {1, 1, 1}}};
  return r.all && r.all->counted == 8 && r.all->lost == 1 && r.all->hours == hours &&
         r.all->first_lost == std::vector<std::uint64_t>{damaged_line};
}

TEST_CASE("whatever crashes, every undamaged line is counted exactly once") {
  for (std::uint64_t s = 1; s != 41; ++s) {
    small_log small;
    const auto report = es::crash_everywhere<logwatch>(
        [&] { return small.values(); }, [](es::simulation<logwatch>& sim) { sim.wait(); },
        [&](es::simulation<logwatch>&) { return is_exact(small.came_of_it); }, es::seed{s});
    CHECK(report);
    CHECK(report.tried() > 40);
    if (s == 1) MESSAGE(report.to_string());
  }
}

TEST_CASE("the order in which things happen does not change what is counted") {
  small_log small;
  const auto report = es::explore<logwatch>([&] { return small.values(); },
                                            [&](es::simulation<logwatch>& sim) {
                                              sim.reorder();
                                              sim.wait();
                                              return is_exact(small.came_of_it);
                                            },
                                            200);
  CHECK(report);
}

}  // namespace
