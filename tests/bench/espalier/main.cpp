// Measures Espalier alone: bench_rows [ROW...] prints a line for each measurement, `name<TAB>value<TAB>unit`.
// Repeated, it prints `name<TAB>median<TAB>unit<TAB>least<TAB>greatest`. Each repetition runs in a process of
// its own, so that none finds the memory of the one before.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "rows.hpp"

namespace {

struct row {
  char const* name;
  measurements (*run)(options const&);
  std::uint64_t count;  // by default
};

constexpr row rows[] = {
    {"ping_pong", ping_pong, 1'000'000},
    {"counting", counting, 5'000'000},
    {"ring_100", ring_100, 2'000'000},
    {"ring_503", ring_503, 2'000'000},
    {"fork_join", fork_join, 60 * 50'000},
    {"create", create, 200'000},
    {"idle_process", idle_process, 100'000},
    {"big", big, 64 * 5'000},
    {"call", call, 500'000},
    {"restart_one", restart_one, 20'000},
    {"restart_all", restart_all, 20'000},
    {"timers", timers, 100'000},
    {"ordered_stop", ordered_stop, 1'000},
    {"idle_cpu", idle_cpu, 5},
    {"wake_outside", wake_outside, 20'000},
};

/// Runs a row, and prints what it measured. Answers whether its counts add up.
bool run(row const& r, options o, std::FILE* out) {
  if (o.count == 0) o.count = r.count;
  try {
    for (measurement const& m : r.run(o))
      std::fprintf(out, "%s\t%.4g\t%s\n", m.name.c_str(), m.value, m.unit);
    std::fflush(out);
    return true;
  } catch (std::exception const& failed) {
    std::fprintf(stderr, "%s: %s\n", r.name, failed.what());
    return false;
  }
}

struct series {
  std::string name;
  std::string unit;
  std::vector<double> values;
};

/// The same in a child process. Adds the values to what was measured before.
bool run_apart(row const& r, options const& o, std::vector<series>& all) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    close(ends[0]);
    _exit(run(r, o, fdopen(ends[1], "w")) ? 0 : 1);
  }
  close(ends[1]);
  std::FILE* const in = fdopen(ends[0], "r");
  char name[64];
  char unit[16];
  double value = 0;
  while (std::fscanf(in, "%63s %lf %15s", name, &value, unit) == 3) {
    auto here = std::find_if(all.begin(), all.end(), [&](series const& m) { return m.name == name; });
    if (here == all.end()) here = all.insert(here, series{name, unit, {}});
    here->values.push_back(value);
  }
  std::fclose(in);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool run_repeatedly(row const& r, options const& o, unsigned repetitions) {
  std::vector<series> all;
  for (unsigned i = 0; i != repetitions; ++i) {
    if (!run_apart(r, o, all)) return false;
  }
  for (auto& [name, unit, values] : all) {
    std::sort(values.begin(), values.end());
    std::printf("%s\t%.4g\t%s\t%.4g\t%.4g\n", name.c_str(), values[values.size() / 2], unit.c_str(),
                values.front(), values.back());
  }
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures Espalier alone.");
  std::vector<std::string> chosen;
  options o;
  unsigned repetitions = 1;
  app.add_option("row", chosen, "which rows; all without one");
  app.add_option("--workers", o.workers, "scheduler threads");
  app.add_option("--count", o.count, "operations; each row has its own default");
  app.add_option("--repetitions", repetitions, "how often; more than once prints medians");
  CLI11_PARSE(app, argc, argv);

  for (std::string const& name : chosen) {
    if (std::none_of(std::begin(rows), std::end(rows), [&](row const& r) { return name == r.name; })) {
      std::fprintf(stderr, "no such row: %s\n", name.c_str());
      return 2;
    }
  }
  bool good = true;
  for (row const& r : rows) {
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), r.name) == chosen.end()) continue;
    good = (repetitions > 1 || chosen.size() != 1 ? run_repeatedly(r, o, repetitions) : run(r, o, stdout)) &&
           good;
  }
  return good ? 0 : 1;
}
