#include <espalier/testing.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "scripted.hpp"

namespace es = espalier;
using namespace es::literals;

namespace {

struct callee : scripted<callee> {
  using scripted::handle;
  struct twice {
    int n;
    using reply = int;
  };
  struct keep {
    std::unique_ptr<int> what;
  };
  struct give {
    using reply = std::unique_ptr<int>;
  };
  struct never {
    using reply = int;
  };
  struct nothing {
    using reply = void;
  };
  int handle(twice m) { return 2 * m.n; }
  void handle(keep m) { kept = std::move(m.what); }
  std::unique_ptr<int> handle(give) { return std::move(kept); }
  es::task<int> handle(never, es::context<callee>& self) {
    co_await self.sleep(es::infinity);
    co_return 0;
  }
  void handle(nothing) {}
  std::unique_ptr<int> kept;
};

/// Asks on behalf of the test, and writes down what it got.
struct asker : scripted<asker> {
  using scripted::handle;
  using calls = es::processes<callee>;
  struct ask {
    using reply = std::string;
  };
  struct ask_in_vain {
    es::duration limit;
    using reply = std::string;
  };
  struct ask_twice {
    using reply = int;
  };
  struct ask_failing {
    using reply = std::string;
  };
  struct ask_uncaught {
    using reply = int;
  };
  struct ask_void {
    using reply = std::string;
  };
  struct move_there_and_back {
    using reply = int;
  };

  es::task<std::string> handle(ask, es::context<asker>& self) {
    auto answer = co_await self.try_call<callee, callee::twice>(21);
    co_return answer ? std::to_string(*answer) : answer.reason().to_string();
  }
  es::task<std::string> handle(ask_in_vain m, es::context<asker>& self) {
    try {
      const int n = co_await self.call_for<callee, callee::never>(m.limit);
      co_return std::to_string(n);
    } catch (es::call_failed const& failed) {
      co_return failed.reason().to_string();
    }
  }
  es::task<int> half(es::context<asker>& self, int n) {
    const int out = co_await self.call<callee, callee::twice>(n);
    co_return out;
  }
  es::task<int> handle(ask_twice, es::context<asker>& self) {
    const int x = co_await half(self, 1);
    const int y = co_await half(self, x);
    co_return x + y;
  }
  es::task<std::string> handle(ask_failing, es::context<asker>& self) {
    auto answer = co_await self.try_call<callee, callee::fail>();
    co_return answer.reason().to_string();
  }
  es::task<int> handle(ask_uncaught, es::context<asker>& self) {
    const int n = co_await self.call<callee, callee::fail>();
    co_return n;
  }
  es::task<std::string> handle(ask_void, es::context<asker>& self) {
    co_await self.call<callee, callee::nothing>();
    auto answer = co_await self.try_call<callee, callee::nothing>();
    co_return answer ? "done" : "failed";
  }
  es::task<int> handle(move_there_and_back, es::context<asker>& self) {
    self.cast<callee, callee::keep>(std::make_unique<int>(5));
    std::unique_ptr<int> back = co_await self.call<callee, callee::give>();
    co_return *back;
  }
};

struct tree : es::supervisor<es::one_for_one, es::intensity<9, 5_s>, callee, asker> {};

TEST_CASE("a call is answered by a plain handler and by a suspending one") {
  es::simulation<tree> sim;
  CHECK(sim.call<callee>(callee::twice{4}) == 8);
  CHECK(sim.call<asker>(asker::ask{}) == "42");
  CHECK(sim.call<asker>(asker::ask_twice{}) == 6);
  CHECK(sim.call<asker>(asker::ask_void{}) == "done");
}

TEST_CASE("messages and replies need only be movable") {
  es::simulation<tree> sim;
  CHECK(sim.call<asker>(asker::move_there_and_back{}) == 5);
  sim.cast<callee>(callee::keep{std::make_unique<int>(6)});
  CHECK(*sim.call<callee>(callee::give{}) == 6);
}

TEST_CASE("a call ends with its limit, 5 s by default, and a late reply is dropped (SEMANTICS 7)") {
  es::simulation<tree> sim;
  CHECK(sim.call<asker>(asker::ask_in_vain{300_ms}) == "timeout");
  CHECK(sim.elapsed() == 300_ms);
  CHECK_THROWS_WITH_AS(sim.call<callee>(callee::twice{1}), "call to callee failed: timeout", es::call_failed);
  CHECK(sim.elapsed() == 5300_ms);
}

TEST_CASE("a late reply reaches nobody, and the process goes on (SEMANTICS 7)") {
  es::simulation<tree> sim;
  CHECK_THROWS_AS(sim.call<callee>(callee::nap{2_s}, 1_s), es::call_failed);
  sim.run_for(5_s);
  CHECK(sim.call<callee>(callee::twice{2}) == 4);
}

TEST_CASE("an infinite call waits as long as it takes (SEMANTICS 7)") {
  es::simulation<tree> sim;
  CHECK(sim.call<callee>(callee::nap{es::duration{7'200'000'000'000}}, es::infinity) == 1);
  CHECK(sim.elapsed() == 2_h);
}

TEST_CASE("a caller is told why its callee crashed (promise 3)") {
  es::simulation<tree> sim;
  CHECK(sim.call<asker>(asker::ask_failing{}) == "crashed: std::runtime_error: told to");
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.crashed<callee>().started<callee>()));
}

TEST_CASE("a failed call that nobody catches crashes the caller too (SEMANTICS 8)") {
  es::simulation<tree> sim;
  CHECK_THROWS_AS(sim.call<asker>(asker::ask_uncaught{}), es::call_failed);
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<callee>().started<callee>()));
  CHECK(sim.contains(es::trace{}.crashed<callee>().crashed<asker>().started<asker>()));
  CHECK(
      sim.reports().back().find("reason      crashed: espalier::call_failed: call to callee failed: crashed: "
                                "std::runtime_error: told to") != std::string::npos);
}

TEST_CASE("queued callers are told the reason too, also a normal one (SEMANTICS 5)") {
  es::simulation<tree> sim;
  sim.cast<callee>(callee::finish{});
  try {
    sim.call<callee>(callee::twice{1});
    FAIL("answered");
  } catch (es::call_failed const& failed) {
    CHECK(failed.reason() == es::reason::normal);
  }
}

TEST_CASE("while a handler is suspended no other message is handled (SEMANTICS 1)") {
  es::simulation<tree> sim;
  sim.cast<callee>(callee::nap{1_s});
  CHECK(sim.call<callee>(callee::twice{1}) == 2);
  CHECK(sim.elapsed() == 1_s);
}

TEST_CASE("messages between two processes keep their order (promise 4)") {
  struct receiver {
    struct number {
      int n;
    };
    struct all {
      using reply = std::vector<int>;
    };
    void handle(number m) { got.push_back(m.n); }
    std::vector<int> handle(all) { return got; }
    std::vector<int> got;
  };
  for (std::uint64_t s = 0; s != 10; ++s) {
    es::simulation<es::supervisor<receiver>> sim{es::seed{s}};
    std::vector<int> sent;
    for (int i = 0; i != 100; ++i) {
      sim.cast<receiver>(typename receiver::number{i});
      sent.push_back(i);
    }
    CHECK(sim.call<receiver>(typename receiver::all{}) == sent);
  }
}

TEST_CASE("a handler that stops its process still answers its caller") {
  struct last_words {
    struct bye {
      using reply = int;
    };
    int handle(bye, es::context<last_words>& self) {
      self.stop();
      return self.stopping() ? 1 : 0;
    }
  };
  es::simulation<es::supervisor<es::child<last_words, es::transient>, callee>> sim;
  CHECK(sim.call<last_words>(typename last_words::bye{}) == 1);
  sim.run_until_idle();
  CHECK(sim.matches(es::trace{}.ended<last_words>(es::reason::normal)));
}

struct chain_end {
  struct add {
    int n;
    using reply = int;
  };
  int handle(add m) { return m.n + 1; }
};
struct deep {
  using calls = es::processes<chain_end>;
  struct dig {
    int depth;
    using reply = int;
  };
  es::task<int> down(es::context<deep>& self, int depth) {
    if (depth == 0) co_return co_await self.call<chain_end, chain_end::add>(0);
    const int below = co_await down(self, depth - 1);
    co_return below + 1;
  }
  es::task<int> handle(dig m, es::context<deep>& self) {
    const int n = co_await down(self, m.depth);
    co_return n;
  }
  struct loop {
    int times;
    using reply = int;
  };
  es::task<int> one() { co_return 1; }
  es::task<int> handle(loop m) {
    int sum = 0;
    for (int i = 0; i != m.times; ++i) sum += co_await one();
    co_return sum;
  }
};

TEST_CASE("nested tasks go deep, and a million of them in a row do not overflow the stack (trap)") {
  es::simulation<es::supervisor<chain_end, deep>> sim;
  CHECK(sim.call<deep>(deep::dig{500}) == 501);
  CHECK(sim.call<deep>(deep::loop{1'000'000}) == 1'000'000);
}

struct text_callee {
  struct text {
    std::string what;
    using reply = std::string;
  };
  std::string handle(text m) { return m.what + "!"; }
};
struct text_caller {
  using calls = es::processes<text_callee>;
  struct go {
    using reply = std::string;
  };
  es::task<std::string> handle(go, es::context<text_caller>& self) {
    const std::string s(100, 'x');
    std::string built = co_await self.call<text_callee, text_callee::text>(s);  // built in the mailbox
    text_callee::text named{s};
    std::string copied = co_await self.call<text_callee>(named);  // a named variable
    auto kept = self.call<text_callee>(text_callee::text{s});     // a kept call
    std::string later = co_await kept;
    co_return built == copied&& copied == later ? built : "they differ";
  }
};

TEST_CASE(
    "the safe ways to build a message inside co_await are safe (trap: GCC 12 frees a temporary twice)") {
  es::simulation<es::supervisor<text_callee, text_caller>> sim;
  CHECK(sim.call<text_caller>(text_caller::go{}) == std::string(100, 'x') + "!");
}

struct empty_handed {
  using calls = es::processes<text_callee>;
  struct nothing {
    using reply = int;
  };
  struct twice {
    using reply = int;
  };
  struct call_twice {
    using reply = int;
  };
  struct null_what {
    using reply = int;
  };
  es::task<int> handle(nothing) { return {}; }
  es::task<int> one() { co_return 1; }
  es::task<int> handle(twice) {
    es::task<int> t = one();
    const int first = co_await t;
    const int second = co_await t;
    co_return first + second;
  }
  es::task<int> handle(call_twice, es::context<empty_handed>& self) {
    auto c = self.call<text_callee, text_callee::text>("x");
    co_await c;
    co_await c;
    co_return 0;
  }
  int handle(null_what) {
    struct silent : std::exception {
      char const* what() const noexcept override { return nullptr; }
    };
    throw silent();
  }
};

TEST_CASE(
    "an empty task, a task or a call awaited twice, and a silent exception are crashes like any other") {
  es::simulation<es::supervisor<es::intensity<9, 5_s>, text_callee, empty_handed>> sim;
  auto reason_of = [&](auto message) {
    try {
      sim.call<empty_handed>(message);
    } catch (es::call_failed const& failed) {
      return failed.reason().to_string();
    }
    return std::string("answered");
  };
  const std::string task = "crashed: std::logic_error: espalier: an empty or finished task is awaited";
  CHECK(reason_of(empty_handed::nothing{}) == task);
  CHECK(reason_of(empty_handed::twice{}) == task);
  CHECK(reason_of(empty_handed::call_twice{}) ==
        "crashed: std::logic_error: espalier: a call is awaited twice");
  CHECK(reason_of(empty_handed::null_what{}).ends_with("silent: "));
}

}  // namespace
