// OTP's suite on compiled trees: how children start from one template.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;
using told::start;

namespace {

/// Declines as long as it is told to.
struct shy : told::process<shy> {
  static inline bool declines = true;
  static std::optional<shy> make() {
    if (declines) return {};
    return std::optional<shy>(std::in_place);
  }
};

/// The first child declines and leaves nothing; the second one runs.
template <class Group, class T>
es::ref<shy> declines_and_works(es::simulation<T>& sim) {
  shy::declines = true;
  const es::ref<shy> none = sim.template start_child<Group>();
  CHECK_FALSE(none);  // {ok, undefined} in OTP
  CHECK(sim.template which_children<Group>().empty());
  CHECK(sim.template count_children<Group>() == es::child_counts{});
  CHECK(sim.try_call(none, shy::ping{}).reason() == es::reason::noproc);
  CHECK(sim.terminate_child(none) == child_result::not_found);

  shy::declines = false;
  const es::ref<shy> one = sim.template start_child<Group>();
  CHECK(told::life(sim, one) == 1);
  CHECK(told::children<Group>(sim) == "shy running");
  CHECK(sim.template count_children<Group>() == es::child_counts{1, 1, 0, 1});
  CHECK(sim.matches(es::trace{}.started<shy>()));
  CHECK(sim.reports().empty());
  return one;
}

TEST_CASE(
    "sup_start_ignore_temporary_child_start_child_simple: a temporary child that declines is not kept") {
  struct group : es::dynamic<es::child<shy, es::temporary, es::start<&shy::make>>, es::intensity<2, 3600_s>> {
  };
  struct tree : es::supervisor<group> {};
  es::simulation<tree> sim;
  declines_and_works<group>(sim);
}

TEST_CASE(
    "sup_start_ignore_permanent_child_start_child_simple: nor is a permanent one, and the stop is clean") {
  struct group : es::dynamic<es::child<shy, es::start<&shy::make>>, es::intensity<2, 3600_s>> {};
  struct tree : es::supervisor<group> {};
  es::simulation<tree> sim;
  declines_and_works<group>(sim);
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.started<shy>().stopped<shy>().stopped<group>().stopped<tree>()));
  CHECK(sim.reports().empty());
  sim.audit_end();
  CHECK(sim.broken().empty());
}

struct child : told::planned<child> {
  using planned::planned;
};
struct children_group : es::dynamic<child, es::intensity<2, 3600_s>> {};

/// Starts children, and answers what it is told.
struct opener : told::process<opener> {
  using told::process<opener>::handle;
  using starts = es::processes<children_group>;
  struct open {
    told::starts how;
    using reply = std::string;
  };
  es::task<std::string> handle(open m, es::context<opener>& self) {
    try {
      const auto opened = co_await self.start_child<children_group>(m.how);
      co_return opened ? "ok" : "ignore";
    } catch (es::call_failed const& failed) {
      text = failed.reason().to_string();
    }
    co_return text;
  }
  std::string text;
};

TEST_CASE(
    "sup_start_child_returns_error_simple: the bare reason is answered, and nothing is kept or tried again") {
  struct tree : es::supervisor<children_group, opener> {};
  es::simulation<tree> sim;
  CHECK_THROWS_WITH_AS(sim.start_child<children_group>(told::starts{start::fails}),
                       "call to children_group failed: crashed: std::runtime_error: told to fail",
                       es::call_failed);
  CHECK_THROWS_WITH_AS(sim.start_child<children_group>(told::starts{start::fails_late}),
                       "call to children_group failed: crashed: std::runtime_error: told to fail late",
                       es::call_failed);
  CHECK(sim.call<opener>(opener::open{{start::fails}}) == "crashed: std::runtime_error: told to fail");
  CHECK(sim.which_children<children_group>().empty());
  CHECK(sim.count_children<children_group>() == es::child_counts{});
  sim.run_for(1_h);
  CHECK(sim.matches(es::trace{}));  // not counted either: the intensity is 2
  CHECK(sim.reports().empty());
  CHECK(sim.call<opener>(opener::open{{start::works}}) == "ok");
  CHECK(told::children<children_group>(sim) == "child running");
}

struct never_goes : told::process<never_goes> {
  es::task<void> terminate(es::exit_reason const&, es::context<never_goes>& self) {
    co_await self.sleep(es::infinity);
  }
};

TEST_CASE("sup_start_map_simple: what the template does not say is permanent, a worker, 5 s") {
  struct group : es::dynamic<never_goes> {};
  struct tree : es::supervisor<group> {};
  static_assert(es::shutdown_bound<tree> == 5_s);
  es::simulation<tree> sim;
  const auto one = sim.start_child<group>();
  CHECK(sim.count_children<group>() == es::child_counts{1, 1, 0, 1});
  REQUIRE(sim.which_children<group>().size() == 1);
  CHECK(sim.which_children<group>()[0].name == es::id_of<never_goes>);
  CHECK_FALSE(sim.which_children<group>()[0].is_supervisor);
  CHECK(sim.count_children<tree>() == es::child_counts{1, 1, 1, 0});  // the group itself is a supervisor

  CHECK(sim.terminate_child(one) == child_result::ok);
  CHECK(sim.elapsed() == 5_s);
  CHECK(sim.matches(es::trace{}.started<never_goes>().ended<never_goes>(es::reason::killed)));
  CHECK(told::reports(sim) == told::lines{"shutdown_error tree/group/never_goes (permanent) killed"});
}

TEST_CASE("sup_start_map_simple: a child of the plain template is restarted after a normal end") {
  struct tree : es::supervisor<children_group> {};
  es::simulation<tree> sim;
  const auto one = sim.start_child<children_group>(told::starts{start::works});
  told::to_end(sim, one, es::reason::normal);
  CHECK(told::life(sim, one) == 2);
  CHECK(told::reports(sim) == told::lines{"child_terminated tree/children_group/child (permanent) normal"});
}

}  // namespace
