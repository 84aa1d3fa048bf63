#include <doctest/doctest.h>

#include "store.hpp"

namespace {

TEST_CASE("one process alone asks stand-ins, which answer what the test says") {
  es::simulation_of<cache> sim;
  int asked = 0;
  sim.answer<database, database::fetch>([&](database::fetch m) -> std::optional<std::string> {
    ++asked;
    return m.key + "!";
  });
  CHECK(sim.call(cache::get{"k"}) == "k!");
  CHECK(sim.call(cache::get{"k"}) == "k!");
  CHECK(asked == 1);  // it is a cache

  sim.answer<database, database::fetch>("v");  // a value
  CHECK(sim.call(cache::get{"l"}) == "v");
  sim.answer<database, database::fetch>(std::nullopt);
  CHECK(!sim.call(cache::get{"m"}));
  CHECK(sim.matches(es::trace{}));
}

TEST_CASE("a stand-in that never answers lets the caller time out, and takes the next call") {
  es::simulation_of<cache> sim;
  sim.answer<database, database::fetch>(es::never{});
  CHECK(sim.try_call(cache::get{"k"}, 6_s).reason().to_string() ==
        "crashed: espalier::call_failed: call to database failed: timeout");
  CHECK(sim.elapsed() == 5_s);
  sim.answer<database, database::fetch>("v");
  CHECK(sim.call(cache::get{"k"}) == "v");
  CHECK(sim.matches(es::trace{}.crashed<cache>().started<cache>()));
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

TEST_CASE("a stand-in that dies fails the call, and is there again") {
  es::simulation_of<cache> sim;
  sim.answer<database, database::fetch>(es::dies{});
  CHECK(sim.try_call(cache::get{"k"}).reason() == es::reason::crashed);
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<database>().started<database>()));
  CHECK(sim.contains(es::trace{}.crashed<cache>().started<cache>()));
}

TEST_CASE("a call that no answer is scripted for says so") {
  es::simulation_of<cache> sim;
  CHECK(sim.try_call(cache::get{"k"})
            .reason()
            .text()
            .find("database stands in and has no answer to database::fetch; write "
                  "sim.answer<database, database::fetch>(...)") != std::string::npos);
}

TEST_CASE("a corrupt row crashes the cache, which forgets") {
  es::simulation_of<cache> sim{es::seed{3}};
  sim.answer<database, database::fetch>("v");
  CHECK(sim.call(cache::get{"good"}) == "v");
  sim.answer<database, database::fetch>("");
  CHECK(sim.try_call(cache::get{"bad"}).reason().text() == "std::runtime_error: corrupt row bad");
  sim.answer<database, database::fetch>("w");
  CHECK(sim.call(cache::get{"good"}) == "w");
}

TEST_CASE("an answer of a stand-in takes as long as the test says") {
  es::simulation_of<cache> sim;
  sim.answer<database, database::fetch>("v");
  sim.delay<database>(400_ms);
  CHECK(sim.call(cache::get{"k"}) == "v");
  CHECK(sim.elapsed() == 400_ms);
}

struct greeter {
  using needs = es::environment<std::string>;
  using casts = es::processes<logs>;
  struct greet {
    using reply = std::string;
  };
  std::string handle(greet, es::context<greeter>& self) {
    self.cast<logs, logs::line>("greeted");
    return self.environment<std::string>();
  }
};

TEST_CASE("one process alone has its environment, and its casts can be heard") {
  es::simulation_of<greeter> sim{es::with(std::string("hello"))};
  CHECK(sim.call(greeter::greet{}) == "hello");  // the cast is lost
  sim.run_until_idle();
  std::vector<std::string> lines;
  sim.answer<logs, logs::line>([&](logs::line m) { lines.push_back(m.text); });
  CHECK(sim.call(greeter::greet{}) == "hello");
  sim.run_until_idle();
  CHECK(lines == std::vector<std::string>{"greeted"});
  sim.crash(es::at_message{2});
  CHECK(sim.call(greeter::greet{}) == "hello");
  CHECK(sim.try_call(greeter::greet{}).reason() == es::reason::crashed);
}

/// Counts its fetches.
struct fake {
  std::optional<std::string> operator()(database::fetch const& m) {  // GCC 12 warns of a copy without reason
    if (m.key == "bad") throw std::runtime_error("told to");
    return m.key + std::to_string(++fetches);
  }
  int fetches = 0;
};

TEST_CASE("a process of a whole tree is replaced, and restarts with fresh functions") {
  es::simulation<app> sim(es::not_started);
  sim.replace<database>(fake{}, [](database::store) {});
  sim.start();
  CHECK(sim.call<cache>(cache::get{"k"}) == "k1");
  CHECK(sim.call<cache>(cache::get{"l"}) == "l2");
  sim.cast<database>(database::store{"k", "v"});
  CHECK(sim.call<web>(web::visit{"bad"}) == "error: crashed");
  sim.run_until_idle();
  CHECK(sim.contains(es::trace{}.crashed<database>().started<database>().started<cache>()));
  CHECK(sim.call<cache>(cache::get{"k"}) == "k1");
  sim.stop();
  sim.audit_end();
  CHECK(sim.broken().empty());
}

/// Does not start without its disk.
struct disk {
  disk() { throw std::runtime_error("no disk"); }
  struct read {
    using reply = int;
  };
  int handle(read) { return 1; }
};
struct machine : es::supervisor<disk> {};

TEST_CASE("what is replaced before the start is never built") {
  CHECK_THROWS_AS(es::simulation<machine>{}, es::start_failed);
  es::simulation<machine> sim(es::not_started);
  sim.replace<disk>([](disk::read) { return 7; });
  sim.start();
  CHECK(sim.call<disk>(disk::read{}) == 7);
}

TEST_CASE("a running process is replaced from its next message on") {
  es::simulation<app> sim;
  sim.cast<database>(database::store{"k", "real"});
  sim.run_until_idle();
  CHECK(sim.call<database>(database::fetch{"k"}) == "real");
  sim.answer<database, database::fetch>("fake");
  CHECK(sim.call<database>(database::fetch{"k"}) == "fake");
  CHECK(sim.call<cache>(cache::get{"k"}) == "fake");
}

}  // namespace
