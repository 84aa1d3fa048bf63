// OTP's suite on compiled trees: permanent, transient and temporary children and the ways in which they end.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct child : told::process<child> {};
struct sibling : told::process<sibling> {};

template <class Restart>
struct tree : es::supervisor<es::one_for_one, es::intensity<9, 3600_s>, es::child<child, Restart>, sibling> {
};

const es::exit_reason with_term{es::reason::shutdown, "a term"};  // OTP's {shutdown, Term}
const es::exit_reason abnormal{es::reason::crashed, "abnormal"};

template <class Restart>
void is_restarted(es::exit_reason const& why) {
  using top = tree<Restart>;
  es::simulation<top> sim;
  INFO("ends with ", why.to_string());
  told::to_end<child>(sim, why);
  CHECK(sim.matches(es::trace{}.ended<child>(why.kind()).template started<child>()));
  CHECK(told::life<child>(sim) == 2);
  CHECK(told::life<sibling>(sim) == 1);
  CHECK(told::children<top>(sim) == "child running, sibling running");
  CHECK(sim.template count_children<top>() == es::child_counts{2, 2, 0, 2});
  REQUIRE(sim.reports().size() == 1);
  CHECK(sim.reports()[0].starts_with("espalier: child_terminated\n"));
  CHECK(sim.reports()[0].find("reason      " + why.to_string() + "\n") != std::string::npos);
  CHECK(sim.reports()[0].find("restarts    1 of 9 within") != std::string::npos);
}

enum class then { parked, forgotten };

template <class Restart>
void stays_without_a_process(es::exit_reason const& why, then what, std::size_t reports) {
  using top = tree<Restart>;
  es::simulation<top> sim;
  INFO("ends with ", why.to_string());
  told::to_end<child>(sim, why);
  CHECK(sim.matches(es::trace{}.ended<child>(why.kind())));
  CHECK(sim.template try_call<child>(child::ping{}).reason() == es::reason::noproc);
  CHECK(told::life<sibling>(sim) == 1);
  CHECK(sim.reports().size() == reports);
  if (what == then::parked) {
    CHECK(told::children<top>(sim) == "child stopped, sibling running");
    CHECK(sim.template count_children<top>() == es::child_counts{2, 1, 0, 2});
    CHECK(sim.template restart_child<child>() == child_result::ok);
    CHECK(told::life<child>(sim) == 2);
  } else {
    CHECK(told::children<top>(sim) == "sibling running");
    CHECK(sim.template count_children<top>() == es::child_counts{1, 1, 0, 1});
    CHECK(sim.template restart_child<child>() == child_result::not_found);
  }
}

TEST_CASE("permanent_normal: a permanent child that ends normally is restarted, and that is reported") {
  is_restarted<es::permanent>(es::reason::normal);
}
TEST_CASE("transient_normal: a transient child that ends normally is kept without a process") {
  stays_without_a_process<es::transient>(es::reason::normal, then::parked, 0);
}
TEST_CASE("temporary_normal: a temporary child that ends normally is forgotten") {
  stays_without_a_process<es::temporary>(es::reason::normal, then::forgotten, 0);
}

TEST_CASE(
    "permanent_shutdown: a permanent child that ends with shutdown is restarted, with and without a term") {
  is_restarted<es::permanent>(es::reason::shutdown);
  is_restarted<es::permanent>(with_term);
}
TEST_CASE("transient_shutdown: a transient child that ends with shutdown is kept, with and without a term") {
  stays_without_a_process<es::transient>(es::reason::shutdown, then::parked, 0);
  stays_without_a_process<es::transient>(with_term, then::parked, 0);
}
TEST_CASE(
    "temporary_shutdown: a temporary child that ends with shutdown is forgotten, with and without a term") {
  stays_without_a_process<es::temporary>(es::reason::shutdown, then::forgotten, 0);
  stays_without_a_process<es::temporary>(with_term, then::forgotten, 0);
}

TEST_CASE("permanent_abnormal: a permanent child that crashes is restarted") {
  is_restarted<es::permanent>(abnormal);
  is_restarted<es::permanent>(es::reason::killed);
}
TEST_CASE("transient_abnormal: a transient child that crashes is restarted") {
  is_restarted<es::transient>(abnormal);
  is_restarted<es::transient>(es::reason::killed);
}
TEST_CASE("temporary_abnormal: a temporary child that crashes is reported, and forgotten") {
  stays_without_a_process<es::temporary>(abnormal, then::forgotten, 1);
  stays_without_a_process<es::temporary>(es::reason::killed, then::forgotten, 1);
}

struct kept : told::process<kept> {};
struct passing : told::process<passing> {};
struct once : told::process<once> {};

TEST_CASE(
    "do_not_save_child_specs_for_temporary_children: each end forgets a temporary one, and keeps others") {
  auto run = []<class Strategy>(std::type_identity<Strategy>) {
    struct top : es::supervisor<Strategy, es::intensity<9, 3600_s>, kept, es::child<passing, es::transient>,
                                es::child<once, es::temporary, es::allow<es::temporary_lost_to_sibling>>> {};
    for (const es::exit_reason& why :
         {es::exit_reason(es::reason::killed), es::exit_reason(es::reason::normal),
          es::exit_reason(es::reason::crashed, "abnormal")}) {
      es::simulation<top> sim;
      INFO("ends with ", why.to_string());
      CHECK(sim.template count_children<top>() == es::child_counts{3, 3, 0, 3});
      told::to_end<once>(sim, why);
      CHECK(told::children<top>(sim) == "kept running, passing running");
      told::to_end<passing>(sim, why);
      const bool runs = why != es::exit_reason(es::reason::normal);
      CHECK(told::children<top>(sim) ==
            (runs ? "kept running, passing running" : "kept running, passing stopped"));
      told::to_end<kept>(sim, why);
      CHECK(sim.template count_children<top>().specs == 2);
      CHECK(told::life<kept>(sim) >= 2);
    }
    es::simulation<top> sim;
    CHECK(sim.template terminate_child<once>() == child_result::ok);
    CHECK(sim.template terminate_child<passing>() == child_result::ok);
    CHECK(sim.template terminate_child<kept>() == child_result::ok);
    CHECK(told::children<top>(sim) == "kept stopped, passing stopped");
    CHECK(sim.template restart_child<once>() == child_result::not_found);
    CHECK(sim.template restart_child<kept>() == child_result::ok);
  };
  run(std::type_identity<es::one_for_one>{});
  run(std::type_identity<es::one_for_all>{});
  run(std::type_identity<es::rest_for_one>{});
}

}  // namespace
