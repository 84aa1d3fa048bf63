// clang-format off
// Children that are started at run time: a door opens a session for each visitor, and one crash is one session's.
#include <cassert>
#include <espalier.hpp>

namespace es = espalier;
using namespace es::literals;

struct session {
  using args = es::arguments<std::string>;  // what it is started with
  struct greet { using reply = std::string; };
  struct insult {};

  explicit session(std::string who) : name(std::move(who)) {}
  std::string handle(greet) { return "hello " + name; }
  void handle(insult) { throw std::runtime_error("I do not like that"); }
  std::string name;
};

struct sessions : es::dynamic<es::child<session, es::temporary>, es::max_children<100>> {};

struct door {
  using starts = es::processes<sessions>;
  struct enter { std::string name; using reply = es::ref<session>; };

  es::task<es::ref<session>> handle(enter m, es::context<door>& self) {
    auto visitor = co_await self.start_child<sessions>(m.name);
    co_return visitor;
  }
};

struct house : es::supervisor<sessions, door> {};

int main() {
  es::settings quiet;
  quiet.on_report = nullptr;
  es::system<house> sys(quiet);
  const auto anna = sys.call<door>(door::enter{"Anna"});
  const auto bert = sys.call<door>(door::enter{"Bert"});
  assert(sys.call(anna, session::greet{}) == "hello Anna");
  assert(sys.count_children<sessions>().active == 2);

  sys.cast(anna, session::insult{});  // ends this session only; it is temporary, so for good
  try {
    sys.call(anna, session::greet{});
    assert(false);
  } catch (es::call_failed const& failed) {
    assert(failed.reason() == es::reason::crashed || failed.reason() == es::reason::noproc);
  }
  assert(sys.call(bert, session::greet{}) == "hello Bert");
}
