// OTP's suite on compiled trees: significant children and the supervisors that shut down with them.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct a : told::process<a> {};
struct b : told::process<b> {};
struct c : told::process<c> {};

struct d : told::process<d> {};

struct never : es::supervisor<es::intensity<9, 60_s>, es::child<a, es::temporary>,
                              es::child<b, es::transient>, c, es::child<d, es::transient>> {};
struct any : es::supervisor<es::auto_shutdown_any, es::intensity<9, 60_s>, es::child<a, es::temporary>,
                            es::child<b, es::transient>, c, es::child<d, es::transient, es::significant>> {};
struct all : es::supervisor<es::auto_shutdown_all, es::intensity<9, 60_s>, es::child<a, es::temporary>,
                            es::child<b, es::transient>, c, es::child<d, es::transient, es::significant>> {};

const es::exit_reason own_ends[] = {es::reason::normal, es::reason::shutdown,
                                    es::exit_reason{es::reason::shutdown, "a term"}, es::reason::killed,
                                    es::exit_reason{es::reason::crashed, "abnormal"}};

template <class T>
void no_end_of_a_shuts_down() {
  for (es::exit_reason const& why : own_ends) {
    es::simulation<T> sim;
    INFO("ends with ", why.to_string());
    told::to_end<a>(sim, why);
    CHECK(sim.matches(es::trace{}.ended<a>(why.kind())));
    CHECK(told::children<T>(sim) == "b running, c running, d running");
  }
  es::simulation<T> sim;
  CHECK(sim.template terminate_child<a>() == child_result::ok);
  CHECK(sim.matches(es::trace{}.stopped<a>()));
  CHECK_FALSE(sim.ended());
}

TEST_CASE("nonsignificant_temporary: no end of an ordinary temporary child shuts its supervisor down") {
  no_end_of_a_shuts_down<never>();
  no_end_of_a_shuts_down<any>();
  no_end_of_a_shuts_down<all>();
}

template <class T>
void no_end_of_b_shuts_down() {
  for (es::exit_reason const& why : own_ends) {
    es::simulation<T> sim;
    INFO("ends with ", why.to_string());
    const bool restarts = why == es::reason::killed || why == es::reason::crashed;
    told::to_end<b>(sim, why);
    if (restarts) {
      CHECK(sim.matches(es::trace{}.ended<b>(why.kind()).template started<b>()));
    } else {
      CHECK(sim.matches(es::trace{}.ended<b>(why.kind())));
    }
    CHECK(told::children<T>(sim) == (restarts ? "a running, b running, c running, d running"
                                              : "a running, b stopped, c running, d running"));
  }
  es::simulation<T> sim;
  CHECK(sim.template terminate_child<b>() == child_result::ok);
  CHECK_FALSE(sim.ended());
}

TEST_CASE("nonsignificant_transient: no end of an ordinary transient child does, and a crash restarts it") {
  no_end_of_b_shuts_down<never>();
  no_end_of_b_shuts_down<any>();
  no_end_of_b_shuts_down<all>();
}

template <class Auto, class Restart>
struct pair : es::supervisor<Auto, es::intensity<9, 60_s>, es::child<a, Restart, es::significant>,
                             es::child<b, Restart, es::significant>, c> {};

/// The supervisor has stopped what still ran and itself, because of an end.
template <class T>
void has_shut_down(es::simulation<T>& sim, es::exit_reason const& because) {
  CHECK(sim.contains(es::trace{}.template stopped<c>().template stopped<T>()));
  const es::exit_reason why = sim.wait();
  CHECK(why == es::reason::shutdown);
  REQUIRE(why.cause() != nullptr);
  CHECK(*why.cause() == because);
  CHECK_FALSE(sim.gave_up());
}

TEST_CASE("significant_temporary: its own end shuts the supervisor down, a terminate_child does not") {
  using any_of = pair<es::auto_shutdown_any, es::temporary>;
  using all_of = pair<es::auto_shutdown_all, es::temporary>;
  for (es::exit_reason const& why : own_ends) {
    INFO("ends with ", why.to_string());
    es::simulation<any_of> first;
    told::to_end<a>(first, why);
    CHECK(first.matches(es::trace{}.ended<a>(why.kind()).stopped<c>().stopped<b>().stopped<any_of>()));
    has_shut_down(first, why);

    es::simulation<all_of> last;
    told::to_end<a>(last, why);
    CHECK(last.matches(es::trace{}.ended<a>(why.kind())));
    CHECK(told::children<all_of>(last) == "b running, c running");
    told::to_end<b>(last, why);
    CHECK(last.matches(es::trace{}.ended<a>(why.kind()).ended<b>(why.kind()).stopped<c>().stopped<all_of>()));
    has_shut_down(last, why);
  }

  es::simulation<any_of> terminated;
  CHECK(terminated.terminate_child<a>() == child_result::ok);
  CHECK(terminated.terminate_child<b>() == child_result::ok);
  CHECK(terminated.matches(es::trace{}.stopped<a>().stopped<b>()));
  CHECK(told::children<any_of>(terminated) == "c running");

  es::simulation<all_of> one_of_each;  // what was terminated counts as not active
  CHECK(one_of_each.terminate_child<a>() == child_result::ok);
  CHECK(told::children<all_of>(one_of_each) == "b running, c running");
  told::to_end<b>(one_of_each, es::reason::normal);
  has_shut_down(one_of_each, es::reason::normal);
}

TEST_CASE("significant_transient: a crash restarts it, a clean end shuts the supervisor down") {
  using any_of = pair<es::auto_shutdown_any, es::transient>;
  using all_of = pair<es::auto_shutdown_all, es::transient>;
  for (es::exit_reason const& why : own_ends) {
    INFO("ends with ", why.to_string());
    es::simulation<any_of> first;
    es::simulation<all_of> last;
    told::to_end<a>(first, why);
    told::to_end<a>(last, why);
    if (why == es::reason::killed || why == es::reason::crashed) {
      CHECK(first.matches(es::trace{}.ended<a>(why.kind()).started<a>()));
      CHECK(last.matches(es::trace{}.ended<a>(why.kind()).started<a>()));
      CHECK(told::children<all_of>(last) == "a running, b running, c running");
      continue;
    }
    has_shut_down(first, why);
    CHECK(told::children<all_of>(last) == "a stopped, b running, c running");
    told::to_end<b>(last, es::reason::killed);
    CHECK(told::children<all_of>(last) == "a stopped, b running, c running");
    told::to_end<b>(last, why);
    has_shut_down(last, why);
  }

  es::simulation<any_of> terminated;
  CHECK(terminated.terminate_child<a>() == child_result::ok);
  CHECK(told::children<any_of>(terminated) == "a stopped, b running, c running");
  CHECK(terminated.restart_child<a>() == child_result::ok);
  told::to_end<a>(terminated, es::reason::normal);
  has_shut_down(terminated, es::reason::normal);

  es::simulation<all_of> back;  // what was started again is active
  told::to_end<a>(back, es::reason::normal);
  CHECK(back.restart_child<a>() == child_result::ok);
  told::to_end<b>(back, es::reason::normal);
  CHECK(told::children<all_of>(back) == "a running, b stopped, c running");
}

TEST_CASE("significant_bystander: a sibling's crash stops significant children, and nothing shuts down") {
  auto run = []<class Strategy, class Auto>(std::type_identity<Strategy>, std::type_identity<Auto>,
                                            std::string const& then) {
    using lost = es::allow<es::temporary_lost_to_sibling>;
    struct top : es::supervisor<Strategy, Auto, es::child<a, es::temporary, es::significant, lost>, c,
                                es::child<b, es::transient, es::significant>> {};
    struct late : es::supervisor<Strategy, Auto, c, es::child<a, es::temporary, es::significant, lost>> {};
    es::simulation<top> sim;
    told::to_crash<c>(sim);
    CHECK_FALSE(sim.ended());
    CHECK(told::children<top>(sim) == then);
    CHECK(told::life<c>(sim) == 2);
    CHECK(told::life<b>(sim) == (std::is_same_v<Strategy, es::one_for_one> ? 1 : 2));

    es::simulation<late> after;
    told::to_crash<c>(after);
    CHECK_FALSE(after.ended());
    CHECK(told::children<late>(after) ==
          (std::is_same_v<Strategy, es::one_for_one> ? "c running, a running" : "c running"));
  };
  auto both = [&](auto strategy, std::string const& then) {
    run(strategy, std::type_identity<es::auto_shutdown_any>{}, then);
    run(strategy, std::type_identity<es::auto_shutdown_all>{}, then);
  };
  both(std::type_identity<es::one_for_one>{}, "a running, c running, b running");
  both(std::type_identity<es::one_for_all>{}, "c running, b running");
  both(std::type_identity<es::rest_for_one>{}, "a running, c running, b running");
}

struct inner : es::supervisor<es::auto_shutdown_any, es::child<a, es::transient, es::significant>> {};

TEST_CASE("significant_escalation: a significant supervisor that shuts down takes its own one along") {
  struct takes : es::supervisor<es::auto_shutdown_any, es::child<inner, es::transient, es::significant>, c> {
  };
  struct stays : es::supervisor<es::auto_shutdown_any, es::child<inner, es::transient>, c,
                                es::child<b, es::transient, es::significant>> {};
  es::simulation<takes> ends;
  told::to_end<a>(ends, es::reason::normal);
  CHECK(
      ends.matches(es::trace{}.ended<a>(es::reason::normal).stopped<inner>().stopped<c>().stopped<takes>()));
  CHECK(ends.wait() == es::reason::shutdown);

  es::simulation<stays> goes_on;
  told::to_end<a>(goes_on, es::reason::normal);
  CHECK(goes_on.matches(es::trace{}.ended<a>(es::reason::normal).stopped<inner>()));
  CHECK(told::children<stays>(goes_on) == "inner stopped, c running, b running");
  CHECK(told::life<c>(goes_on) == 1);
}

}  // namespace
