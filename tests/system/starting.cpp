#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

std::vector<std::string> log;

template <class Self>
struct logged {
  explicit logged(es::context<Self>&) { log.push_back(name() + " constructed"); }
  ~logged() { log.push_back(name() + " destroyed"); }
  logged(logged const&) = delete;
  void terminate(es::exit_reason const& why) { log.push_back(name() + " terminated: " + why.to_string()); }
  static std::string name() { return {es::name_of<Self>.text, es::name_of<Self>.size}; }
};

struct first : logged<first> {
  using logged::logged;
  struct ping {
    using reply = int;
  };
  int handle(ping) { return 7; }
};
struct second : logged<second> {
  using logged::logged;
  using calls = es::processes<first>;
  es::task<void> init(es::context<second>& self) {
    log.push_back("second asks");
    const int n = co_await self.call<first, first::ping>();
    log.push_back("second got " + std::to_string(n));
  }
};
struct third : logged<third> {
  using logged::logged;
};

TEST_CASE("children start in order, each once the init before it is done, and stop in reverse") {
  log.clear();
  {
    es::simulation<es::supervisor<first, second, third>> sim;
    CHECK(log == std::vector<std::string>{"first constructed", "second constructed", "second asks",
                                          "second got 7", "third constructed"});
    log.clear();
  }
  CHECK(log == std::vector<std::string>{"third terminated: shutdown", "third destroyed",
                                        "second terminated: shutdown", "second destroyed",
                                        "first terminated: shutdown", "first destroyed"});
}

struct broken {
  broken() { throw std::runtime_error("no disk"); }
};

TEST_CASE("a start that fails stops the others in reverse order, and names the child and the cause") {
  log.clear();
  struct inner : es::supervisor<second, broken, third> {};
  struct outer : es::supervisor<first, inner> {};
  try {
    es::simulation<outer> sim;
    FAIL("started");
  } catch (es::start_failed const& failed) {
    CHECK(failed.child() == "outer/inner/broken");
    CHECK(failed.reason() == es::exit_reason(es::reason::crashed, "std::runtime_error: no disk"));
    CHECK(std::string(failed.what()) ==
          "outer/inner/broken did not start: crashed: std::runtime_error: no disk");
  }
  CHECK(log == std::vector<std::string>{"first constructed", "second constructed", "second asks",
                                        "second got 7", "second terminated: shutdown", "second destroyed",
                                        "first terminated: shutdown", "first destroyed"});
}

struct stops_in_init {
  void init(es::context<stops_in_init>& self) {
    self.stop(es::exit_reason{es::reason::crashed, "not today"});
  }
};
struct throws_int {
  void init() { throw 42; }
};
struct fails_later {
  es::task<void> init(es::context<fails_later>& self) {
    co_await self.sleep(2_s);
    throw "text";
  }
};

TEST_CASE("whatever leaves a constructor or init fails the start with its reason") {
  auto reason_of = []<class P>(std::type_identity<P>) {
    try {
      es::simulation<es::supervisor<P>> sim;
    } catch (es::start_failed const& failed) {
      return failed.reason().to_string();
    }
    return std::string("started");
  };
  CHECK(reason_of(std::type_identity<stops_in_init>{}) == "crashed: not today");
  CHECK(reason_of(std::type_identity<throws_int>{}) == "crashed: int: 42");
  CHECK(reason_of(std::type_identity<fails_later>{}) == "crashed: char const*: text");
}

struct configured {
  explicit configured(int n) : number(n) {}
  struct get {
    using reply = int;
  };
  int handle(get) { return number; }
  int number;
};
constexpr auto make_seven = [] { return configured(7); };
constexpr auto make_from_context = [](es::context<configured>& self) {
  return configured(static_cast<int>(self.incarnation()) * 100);
};
constexpr auto declines = []() -> std::optional<configured> { return {}; };
constexpr auto accepts = []() -> std::optional<configured> { return configured(9); };

TEST_CASE("a child is built by its start function") {
  es::simulation<es::supervisor<es::child<configured, es::start<make_seven>>>> plain;
  CHECK(plain.call<configured>(configured::get{}) == 7);
  es::simulation<es::supervisor<es::child<configured, es::start<make_from_context>>>> with_context;
  CHECK(with_context.call<configured>(configured::get{}) == 100);
  es::simulation<es::supervisor<es::child<configured, es::start<accepts>>>> optional;
  CHECK(optional.call<configured>(configured::get{}) == 9);
}

struct a : scripted<a> {};

TEST_CASE("a start function that declines leaves its place empty, and is no error (SEMANTICS 4)") {
  struct tree : es::supervisor<es::one_for_all, es::child<configured, es::start<declines>>, a> {};
  es::simulation<tree> sim;
  CHECK_THROWS_AS(sim.call<configured>(configured::get{}), es::call_failed);
  CHECK(sim.call<a>(a::ping{}) == 1);
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<a>().started<a>()));
}

struct options {
  int size;
};
struct needy {
  using needs = es::environment<options, std::string>;
  explicit needy(es::context<needy>& self) : size(self.environment<options>().size) {}
  struct get {
    using reply = std::string;
  };
  std::string handle(get, es::context<needy>& self) {
    return self.environment<std::string>() + std::to_string(size);
  }
  int size;
};

TEST_CASE("values from outside reach the processes that need them") {
  es::simulation<es::supervisor<needy>> sim{es::with(options{3}, std::string("size "))};
  CHECK(sim.call<needy>(needy::get{}) == "size 3");
}

TEST_CASE("the first incarnation is 1, and each start counts") {
  es::simulation<es::supervisor<es::intensity<5, 5_s>, a>> sim;
  CHECK(sim.call<a>(a::ping{}) == 1);
  sim.crash<a>(es::in_init{1});
  sim.cast<a>(a::crash{});
  sim.run_until_idle();
  CHECK(sim.call<a>(a::ping{}) == 3);
}

}  // namespace
