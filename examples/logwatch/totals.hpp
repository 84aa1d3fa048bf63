#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

enum class action : unsigned char { install, upgrade, remove, other };

/// What a line says.
struct entry {
  std::string hour;  // 2025-06-24 14
  action what{};
};

using counts = std::array<std::uint64_t, 3>;  // by action

/// What all lines say.
struct totals {
  std::map<std::string, counts> hours;
  std::uint64_t counted = 0;
  std::uint64_t lost = 0;
  std::vector<std::uint64_t> first_lost;  // line numbers

  std::uint64_t lines() const { return counted + lost; }
};

/// Prints the counts by day, and the busiest hour.
inline void print(std::string const& name, totals const& all, bool complete) {
  auto row = [](std::string const& what, counts const& n) {
    std::printf("%-10s %10ju %10ju %10ju\n", what.c_str(), n[0], n[1], n[2]);
  };
  std::printf("%s%s: %ju lines, %ju counted, %ju lost", name.c_str(), complete ? "" : ", not read to its end",
              all.lines(), all.counted, all.lost);
  for (std::uint64_t line : all.first_lost)
    std::printf("%s %ju", line == all.first_lost[0] ? ": line" : ",", line);
  std::printf("%s\n\n", all.lost > all.first_lost.size() ? ", ..." : "");

  std::map<std::string, counts> days;
  counts sum{};
  std::pair<std::string, std::uint64_t> busiest;
  for (auto const& [hour, n] : all.hours) {
    counts& day = days[hour.substr(0, 10)];
    for (std::size_t i = 0; i != n.size(); ++i) {
      day[i] += n[i];
      sum[i] += n[i];
    }
    const std::uint64_t changes = n[0] + n[1] + n[2];
    if (changes > busiest.second) busiest = {hour, changes};
  }
  std::printf("%-10s %10s %10s %10s\n", "day", "installed", "upgraded", "removed");
  for (auto const& [day, n] : days) row(day, n);
  row("total", sum);
  if (busiest.second != 0) {
    std::printf("\nbusiest hour: %s:00, with %ju changes\n", busiest.first.c_str(), busiest.second);
  }
}
