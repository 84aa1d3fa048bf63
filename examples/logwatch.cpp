// Reads a package manager's log, and reports what was installed, upgraded and removed, and what crashed.
// The work is done by a tree of processes (logwatch/tree.hpp):
//
//   reader    calls a parser for each line, and a second one if that crashes; casts to the store what the
//   line
//             says, or that it is lost
//   parser    crashes on a line that it does not understand; its supervisor starts it again
//   store     adds up; at the end the reader asks it, and sends the reporter what it says
//   reporter  leaves that to `main`, and ends, and the tree with it
#include <fcntl.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include "logwatch/tree.hpp"

/// What the supervisors report, by child.
struct crash_log {
  struct of_child {
    std::uint64_t crashes = 0;
    std::uint64_t restarts = 0;  // fewer, if the tree ended first
    std::vector<std::string> first_reasons;
  };
  std::map<std::string, of_child> children;

  void add(es::report const& r) {
    of_child& child = children[std::string(r.child)];
    ++child.crashes;
    if (r.action == es::report_action::restarting) ++child.restarts;
    if (r.why != nullptr && child.first_reasons.size() < 2) child.first_reasons.push_back(r.why->to_string());
  }

  void print() const {
    if (children.empty()) std::puts("\nno crashes");
    for (auto const& [path, child] : children) {
      std::printf("\n%s: crashed %ju, restarted %ju\n", path.c_str(), child.crashes, child.restarts);
      for (std::string const& why : child.first_reasons) std::printf("  %s\n", why.c_str());
      if (child.crashes > child.first_reasons.size()) std::puts("  ...");
    }
  }
};

input open_input(std::string const& path) {
  input from{path, -1};
  if (path == "-") {
    from = {"stdin", STDIN_FILENO};
  } else {
    from.file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  struct stat about {};
  if (from.file < 0 || fstat(from.file, &about) != 0) cannot_read(from, errno);
  if (S_ISDIR(about.st_mode)) cannot_read(from, EISDIR);
  return from;
}

/// Prints what came of it. Answers the exit code.
int show(std::string const& name, result const& came_of_it, crash_log const& crashes) {
  if (!came_of_it.started) {
    std::fprintf(stderr, "logwatch: stopped before it had started\n");
    return 0;
  }
  if (came_of_it.complete && came_of_it.all && came_of_it.all->lines() == 0) {
    std::fprintf(stderr, "logwatch: %s is empty\n", name.c_str());
    return 1;
  }
  if (came_of_it.all) print(name, *came_of_it.all, came_of_it.complete);
  crashes.print();
  std::printf("\n%s", std::string(es::diagram<logwatch>).c_str());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "logwatch: cannot write the report\n");
    return 2;
  }
  if (!came_of_it.all) {
    std::fprintf(stderr, "logwatch: the report on %s failed\n", name.c_str());
    return 1;
  }
  if (came_of_it.complete && came_of_it.all->counted == 0) {
    std::fprintf(stderr, "logwatch: no line of %s can be read as a line of a package log\n", name.c_str());
    return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  CLI::App arguments("Reports the packages installed, upgraded and removed per day, and what crashed.",
                     "logwatch");
  arguments.footer(
      "Exit code: 0 for a report, 1 if nothing in the log is usable or it is empty, 2 if it cannot be read.");
  std::string path = "/var/log/dpkg.log";
  corruption damage;
  arguments.add_option("LOG", path, "the log of dpkg; - reads stdin")->capture_default_str();
  arguments.add_option("--corrupt", damage.every, "damage every Nth line")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("N");
  bool explains = false;
  arguments.add_flag("--explain", explains, "prints the policy of the tree as a table, and reads no log");
  try {
    arguments.parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    return arguments.exit(e) == 0 ? 0 : 2;
  }
  if (explains) {
    std::fwrite(es::explain<logwatch>.data(), 1, es::explain<logwatch>.size(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 2;
  }
  try {
    const input from = open_input(path);
    result came_of_it;
    crash_log crashes;
    es::settings how;
    how.workers = std::max(2U, std::thread::hardware_concurrency());  // one of them may wait for stdin
    how.on_report = [&](es::report const& r) { crashes.add(r); };
    if (es::run<logwatch>(es::with(from, damage, &came_of_it), how) != 0) return 2;
    // The tree has ended, so nothing can crash any more.
    return show(from.name, came_of_it, crashes);
  } catch (std::system_error const& e) {
    std::fprintf(stderr, "logwatch: %s\n", e.what());
    return 2;
  }
}
