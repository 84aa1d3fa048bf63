#pragma once

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <espalier.hpp>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "totals.hpp"

namespace es = espalier;
using namespace es::literals;

// --- what `main` hands to the processes

struct input {
  std::string name;
  int file = -1;
};

/// Every Nth line is damaged; none if 0.
struct corruption {
  int every = 0;
};

/// What came of it: the reporter leaves it here, for `main`.
struct result {
  bool started = false;
  bool complete = false;      // the input was read to its end
  std::optional<totals> all;  // missing if the store could not be asked
};

[[noreturn]] inline void cannot_read(input const& from, int error) {
  throw std::system_error(error, std::generic_category(), "cannot read " + from.name);
}

// --- the processes

constexpr std::size_t longest_line = 8192;  // of a package log: a path of 4096 bytes, and a few words

struct parser {
  struct parse {
    std::string line;
    using reply = entry;
  };

  entry handle(parse m) {
    const std::string_view line = m.line;
    if (line.size() == longest_line || !looks_like(line.substr(0, 20), "0000-00-00 00:00:00 ")) refuse(line);
    const std::chrono::year_month_day day(std::chrono::year(int(number(line.substr(0, 4)))),
                                          std::chrono::month(number(line.substr(5, 2))),
                                          std::chrono::day(number(line.substr(8, 2))));
    if (!day.ok() || number(line.substr(11, 2)) > 23 || number(line.substr(14, 2)) > 59) refuse(line);

    constexpr std::string_view actions[] = {"install", "upgrade",   "remove",   "purge",     "status",
                                            "startup", "configure", "trigproc", "disappear", "conffile"};
    const std::string_view words = line.substr(20);
    const auto found = std::ranges::find(actions, words.substr(0, words.find(' ')));
    if (found == std::end(actions) || std::ranges::count(words, ' ') < 2) refuse(line);
    const auto what = std::min(found - actions, std::ptrdiff_t(action::other));
    return {m.line.substr(0, 13), action(what)};
  }

 private:
  /// Whether `text` has the form of `example`, in which 0 stands for any digit.
  static bool looks_like(std::string_view text, std::string_view example) {
    return std::ranges::equal(text, example,
                              [](char c, char e) { return e == '0' ? '0' <= c && c <= '9' : c == e; });
  }
  static unsigned number(std::string_view digits) {
    unsigned n = 0;
    for (char c : digits) n = n * 10 + unsigned(c - '0');
    return n;
  }
  [[noreturn]] static void refuse(std::string_view line) {
    constexpr std::size_t shown = 60;
    std::string text(line.substr(0, shown));
    std::ranges::replace_if(
        text, [](char c) { return c < ' ' || c > '~'; }, '?');
    throw std::invalid_argument("not a line of a package log: " + text + (line.size() > shown ? "..." : ""));
  }
};
struct parser_1 : es::name_for<parser> {};
struct parser_2 : es::name_for<parser> {};
struct parser_3 : es::name_for<parser> {};

struct store {
  // The input is read from its beginning. What is in by then came from a reader that has been stopped: until
  // it was, it may have sent lines to the next incarnation of the store.
  struct begin {};
  struct lost {
    std::uint64_t line;
  };
  struct ask {  // answered once everything that was sent before is in
    using reply = totals;
  };

  void handle(begin) { all_ = {}; }
  void handle(entry e) {
    ++all_.counted;
    if (e.what != action::other) ++all_.hours[e.hour][std::size_t(e.what)];
  }
  void handle(lost m) {
    ++all_.lost;
    if (all_.first_lost.size() < 5) all_.first_lost.push_back(m.line);
  }
  totals handle(ask) { return all_; }

 private:
  totals all_;
};

struct reporter {
  using calls = es::processes<store>;
  using needs = es::environment<result*>;

  struct end_of_input {
    totals all;
  };

  explicit reporter(es::context<reporter>& self) : result_(*self.environment<result*>()) {
    result_.started = true;
  }
  void handle(end_of_input m, es::context<reporter>& self) {
    result_.all = std::move(m.all);
    result_.complete = true;
    self.stop();
  }

  /// Also when SIGINT stops the tree before the end of the input: the store started before, and stops after.
  es::task<void> terminate(es::exit_reason const&, es::context<reporter>& self) {
    if (result_.complete) co_return;
    auto all = co_await self.call<store, store::ask>();
    result_.all = std::move(all);
  }

 private:
  result& result_;
};

struct reader {
  using calls = es::processes<parser_1, parser_2, parser_3, store>;
  using casts = es::processes<reporter>;
  using needs = es::environment<input, corruption>;
  using restarts_with = es::processes<store>;

  struct next {};

  /// After a crash the file is read from its beginning, into an empty store.
  explicit reader(es::context<reader>& self) {
    input const& from = self.environment<input>();
    if (self.incarnation() != 1 && lseek(from.file, 0, SEEK_SET) < 0) cannot_read(from, errno);
    self.cast<store, store::begin>();
    self.cast<reader>(next{});
  }

  es::task<void> handle(next, es::context<reader>& self) {
    input const& from = self.environment<input>();
    pollfd ready{from.file, POLLIN, 0};
    constexpr int limit_ms = 100;  // then it is the turn of a stop, if there is one
    if (poll(&ready, 1, limit_ms) == 0) co_return self.cast<reader>(next{});

    const ssize_t size = read(from.file, chunk_.data(), chunk_.size());
    if (size < 0) cannot_read(from, errno);
    std::string_view rest(chunk_.data(), std::size_t(size));
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
      take(rest.substr(0, end));
      rest.remove_prefix(end + 1);
      co_await deal(self);
    }
    take(rest);
    if (size != 0) co_return self.cast<reader>(next{});

    if (!line_.empty()) co_await deal(self);
    auto all = co_await self.call<store, store::ask>();
    self.cast<reporter, reporter::end_of_input>(std::move(all));
    self.stop();
  }

 private:
  void take(std::string_view part) { line_.append(part.substr(0, longest_line - line_.size())); }

  /// Sends the line to the next parser, and what comes of it to the store.
  es::task<void> deal(es::context<reader>& self) {
    ++number_;
    const auto every = std::uint64_t(self.environment<corruption>().every);
    if (every != 0 && number_ % every == 0) line_.replace(0, 10, "##########");
    auto answer = co_await ask_parser(number_ % 3, self);
    // A parser may crash for another reason than the line. Where two crash, it is the line.
    if (!answer) answer = co_await ask_parser((number_ + 1) % 3, self);
    line_.clear();
    if (answer) {
      self.cast<store>(std::move(*answer));
    } else {
      self.cast<store, store::lost>(number_);
    }
  }

  /// Each line goes to another parser than the one before, which may be restarting.
  es::task<es::answer<entry>> ask_parser(std::uint64_t which, es::context<reader>& self) {
    switch (which) {
      case 1:
        co_return co_await self.try_call<parser_1, parser::parse>(line_);
      case 2:
        co_return co_await self.try_call<parser_2, parser::parse>(line_);
      default:
        co_return co_await self.try_call<parser_3, parser::parse>(line_);
    }
  }

  std::vector<char> chunk_ = std::vector<char>(65536);
  std::string line_;  // as much of it as has been read
  std::uint64_t number_ = 0;
};

// --- the tree
// clang-format off

// A damaged line costs two restarts, and a log may hold nothing else: no number of restarts is too high. One
// takes some 5 us, so 20,000 in 10 ms, ten times what a fast machine can do, are never reached.
struct parsers : es::supervisor<es::one_for_one, es::intensity<20'000, 10_ms>,
    parser_1,
    parser_2,
    parser_3> {};

// The counts are right only if store and reader began together. Reading all once more may help against a read
// that failed; if that fails too within the hour, the disk is broken, or the log is a pipe.
struct ingest : es::supervisor<es::one_for_all, es::intensity<1, 1_h>,
    store,
    parsers,
    es::child<reader, es::transient>> {};

// When `ingest` gives up, it has tried again already, so no restart is left. A new reporter would wait in
// vain for the end of an input that has ended, so it is temporary; its end is the end of the program.
struct logwatch : es::supervisor<es::one_for_one, es::intensity<0, 1_s>, es::auto_shutdown_any,
    ingest,
    es::child<reporter, es::temporary, es::significant>> {};

// clang-format on
static_assert(es::blast_radius<logwatch, parser_1> == es::processes<parser_1>{});
static_assert(es::blast_radius<logwatch, reader> ==
              es::processes<store, parser_1, parser_2, parser_3, reader>{});
