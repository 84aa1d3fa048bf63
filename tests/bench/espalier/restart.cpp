// From the throw to the answer of the next incarnation: of the one that crashed, or of the last of 10 that
// restart together.
#include "rows.hpp"

namespace {

/// What a crash is timed by.
struct lap {
  clock_type::time_point thrown;
};

struct mayfly {
  using needs = es::environment<lap*, stopwatch*>;
  struct crash {
    using reply = bool;
  };
  struct asked {
    using reply = std::uint64_t;
  };
  explicit mayfly(es::context<mayfly>& self) : incarnation(self.incarnation()) {}
  bool handle(crash, es::context<mayfly>& self) {
    self.environment<lap*>()->thrown = clock_type::now();
    throw std::runtime_error("as asked");
  }
  std::uint64_t handle(asked) const { return incarnation; }

  std::uint64_t incarnation;
};

/// Crashes `Last` and then asks it, again and again. It starts last, so the others have restarted by then.
template <class Last>
struct driver {
  using calls = es::processes<Last>;
  using needs = es::environment<lap*, stopwatch*>;
  struct start {
    std::uint64_t count;
  };
  struct asked {
    using reply = std::chrono::nanoseconds;
  };
  es::task<void> handle(start m, es::context<driver>& self) {
    for (std::uint64_t i = 1; i <= m.count; ++i) {
      auto crashed = co_await self.template try_call<Last, mayfly::crash>();
      if (crashed || crashed.reason() != es::reason::crashed) throw miscounted("a crash was not told");
      const std::uint64_t incarnation = co_await self.template call<Last, mayfly::asked>();
      took += clock_type::now() - self.template environment<lap*>()->thrown;
      expect("incarnation", incarnation, i + 1);
    }
    self.template environment<stopwatch*>()->stop();
  }
  std::chrono::nanoseconds handle(asked) const { return took; }

  std::chrono::nanoseconds took{};
};

using often = es::intensity<30'000, 10_min>;

template <std::size_t I>
struct number : es::name_for<mayfly> {};

struct alone : es::supervisor<often, mayfly, driver<mayfly>> {};

template <class Sequence>
struct group_of;
template <std::size_t... I>
struct group_of<std::index_sequence<I...>> {
  struct group : es::supervisor<es::one_for_all, often, number<I>...> {};
  static void check(auto& sys, std::uint64_t incarnation) {
    (expect("incarnation", sys.template call<number<I>>(mayfly::asked{}), incarnation), ...);
  }
};
using ten = group_of<std::make_index_sequence<10>>;
struct together : es::supervisor<ten::group, driver<number<9>>> {};

template <class Tree, class Driver>
measurements run(char const* name, options const& o, auto check) {
  if (o.count > 30'000) throw std::invalid_argument("at most 30,000 restarts");
  lap crash;
  stopwatch watch;
  report_count reports;
  es::system<Tree> sys(es::with(&crash, &watch), settings_of(o, &reports));
  sys.template cast<Driver>(typename Driver::start{o.count});
  watch.wait(1);
  const auto took = sys.template call<Driver>(typename Driver::asked{});
  check(sys);
  sys.stop();
  expect("reports of crashes", reports.crashes, o.count);
  expect("other reports", reports.others, 0);
  return {{name, nanoseconds(took) / 1e3 / static_cast<double>(o.count), "us"}};
}

}  // namespace

measurements restart_one(options const& o) {
  return run<alone, driver<mayfly>>("restart_one", o, [&](auto& sys) {
    expect("incarnation", sys.template call<mayfly>(mayfly::asked{}), o.count + 1);
  });
}
measurements restart_all(options const& o) {
  return run<together, driver<number<9>>>("restart_all", o, [&](auto& sys) { ten::check(sys, o.count + 1); });
}
