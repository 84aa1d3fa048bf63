// OTP's suite on compiled trees: how supervisors and children start.
#include <doctest/doctest.h>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

struct a : told::process<a> {};
struct b : told::process<b> {};

TEST_CASE("sup_start_normal: a supervisor starts, runs without a word, and ends with shutdown") {
  struct tree : es::supervisor<a> {};
  es::simulation<tree> sim;
  sim.run_for(1_h);
  CHECK(sim.matches(es::trace{}));
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.stopped<a>().stopped<tree>()));
  CHECK(sim.reports().empty());
  sim.audit_end();
  CHECK(sim.broken().empty());
}

template <class Self>
struct declining : told::process<Self> {
  static inline bool declines = true;
  static std::optional<Self> make() {
    if (declines) return {};
    return std::optional<Self>(std::in_place);
  }
};
struct shy : declining<shy> {};

TEST_CASE("sup_start_ignore_child: a permanent child that declines is kept, and has no process") {
  struct tree : es::supervisor<es::child<shy, es::start<&shy::make>>, a> {};
  shy::declines = true;
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "shy stopped, a running");
  CHECK(sim.count_children<tree>() == es::child_counts{2, 1, 0, 2});
  CHECK(sim.try_call<shy>(shy::ping{}).reason() == es::reason::noproc);
  CHECK(sim.reports().empty());
  CHECK(sim.restart_child<shy>() == child_result::ok);  // {ok, undefined} in OTP
  CHECK(told::children<tree>(sim) == "shy stopped, a running");
  shy::declines = false;
  CHECK(sim.restart_child<shy>() == child_result::ok);
  CHECK(sim.count_children<tree>() == es::child_counts{2, 2, 0, 2});
  CHECK(sim.matches(es::trace{}.started<shy>()));
}

TEST_CASE("sup_start_ignore_temporary_child: a temporary child that declines is not kept") {
  struct tree : es::supervisor<es::child<shy, es::temporary, es::start<&shy::make>>, a> {};
  shy::declines = true;
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "a running");
  CHECK(sim.count_children<tree>() == es::child_counts{1, 1, 0, 1});
  shy::declines = false;
  CHECK(sim.restart_child<shy>() == child_result::not_found);
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.matches(es::trace{}.stopped<a>().stopped<tree>()));
}

struct raises : told::process<raises> {
  raises() { throw std::out_of_range("no such file"); }
};

/// The supervision of a start that fails, and what it throws.
template <class T>
struct failed_start final : es::testing::simulated_tree::watcher {
  failed_start() : sim(es::not_started) {
    sim.watch(*this);
    try {
      sim.start();
    } catch (es::start_failed const& failed) {
      child = failed.child();
      why = failed.reason();
      text = failed.what();
    }
    sim.run_until_idle();
    sim.audit_end();
  }
  void happened(es::runtime::event const& e) override {
    steps.add({e.what, e.about->name,
               e.what == es::runtime::event_kind::ended ? e.why.kind() : es::reason::normal});
  }
  es::simulation<T> sim;
  es::trace steps;
  std::string child, text;
  es::exit_reason why;
};

TEST_CASE("sup_start_fail: code that raises fails the start with its reason, and leaves nothing behind") {
  struct tree : es::supervisor<a, raises, b> {};
  failed_start<tree> start;
  CHECK(start.child == "tree/raises");
  CHECK(start.why == es::exit_reason(es::reason::crashed, "std::out_of_range: no such file"));
  CHECK(start.steps == es::trace{}.started<a>().stopped<a>());  // b is never started
  CHECK(told::reports(start.sim) == told::lines{"start_error tree/raises (permanent) crashed"});
  CHECK(start.sim.ended());
  CHECK(start.sim.broken().empty());
}

TEST_CASE("faulty_application_shutdown: the start's error leads through the supervisors to the child") {
  struct inner : es::supervisor<a, raises> {};
  struct top : es::supervisor<b, inner> {};
  failed_start<top> start;
  CHECK(start.child == "top/inner/raises");
  CHECK(start.text == "top/inner/raises did not start: crashed: std::out_of_range: no such file");
  CHECK(start.steps == es::trace{}.started<b>().started<a>().stopped<a>().stopped<b>());
  CHECK(told::reports(start.sim) == told::lines{"start_error top/inner/raises (permanent) crashed",
                                                "start_error top/inner (permanent supervisor) shutdown"});
  CHECK(start.sim.reports()[1].find("top/inner/raises did not start; because crashed") != std::string::npos);
  CHECK(start.sim.broken().empty());
}

TEST_CASE("sup_start_restart_child_returns_error: the error is answered, and nobody tries again") {
  struct tree : es::supervisor<es::intensity<1, 5_s>, a, b> {};
  es::simulation<tree> sim;
  CHECK(sim.terminate_child<a>() == child_result::ok);
  sim.crash<a>(es::in_constructor{1});
  CHECK(sim.restart_child<a>() == child_result::start_failed);
  CHECK(told::children<tree>(sim) == "a stopped, b running");
  CHECK(sim.count_children<tree>() == es::child_counts{2, 1, 0, 2});
  sim.run_for(1_h);
  CHECK(sim.matches(es::trace{}.stopped<a>()));
  CHECK(told::life<b>(sim) == 1);
}

struct never_goes : told::process<never_goes> {
  es::task<void> terminate(es::exit_reason const&, es::context<never_goes>& self) {
    co_await self.sleep(es::infinity);
  }
};

TEST_CASE("sup_start_map: what is not said is permanent, a worker, 5 s, and infinity for a supervisor") {
  struct patient : es::supervisor<es::child<never_goes, es::shutdown<10_h>>> {};
  struct plain : es::name_for<never_goes> {};
  struct tree : es::supervisor<a, plain, patient> {};
  es::simulation<tree> sim;
  CHECK(sim.count_children<tree>() == es::child_counts{3, 3, 1, 2});
  const auto children = sim.which_children<tree>();
  CHECK(children.at(0).name == es::id_of<a>);
  CHECK_FALSE(children.at(0).is_supervisor);
  CHECK(children.at(2).name == es::id_of<patient>);
  CHECK(children.at(2).is_supervisor);
  told::to_end<a>(sim, es::reason::normal);
  CHECK(told::reports(sim) == told::lines{"child_terminated tree/a (permanent) normal"});
  CHECK(told::life<a>(sim) == 2);
  sim.stop();
  CHECK(sim.elapsed() == 10_h + 5_s);
  CHECK(sim.matches(es::trace{}
                        .ended<a>(es::reason::normal)
                        .started<a>()
                        .ended<never_goes>(es::reason::killed)
                        .stopped<patient>()
                        .ended<plain>(es::reason::killed)
                        .stopped<a>()
                        .stopped<tree>()));
}

// --- what OTP checks when it starts, and the compiler before: the accepted half

template <class... Options>
constexpr bool accepts = es::is_valid<es::supervisor<es::child<a, Options...>>>;

template <class Restart>
constexpr bool accepts_shutdowns() {
  return accepts<Restart, es::shutdown<0_s>> && accepts<Restart, es::shutdown<1000_ms>> &&
         accepts<Restart, es::shutdown<es::infinity>> && accepts<Restart, es::brutal_kill>;
}

TEST_CASE(
    "child_specs: every valid combination of restart type and shutdown is accepted, and a bad one not") {
  static_assert(accepts_shutdowns<es::permanent>());
  static_assert(accepts_shutdowns<es::transient>());
  static_assert(accepts_shutdowns<es::temporary>());
  static_assert(!accepts<es::permanent, es::shutdown<-1_s>>);
  static_assert(!accepts<es::permanent, es::temporary>);
  static_assert(!accepts<int>);
  static_assert(!es::is_valid<es::supervisor<a, b, a>>);
  es::simulation<es::supervisor<es::child<a, es::transient, es::brutal_kill>,
                                es::child<b, es::temporary, es::shutdown<0_s>>>>
      sim;
  CHECK(sim.stop() == es::reason::shutdown);
  CHECK(sim.reports().empty());
}

template <class Auto, class Restart>
constexpr bool accepts_significant =
    es::is_valid<es::supervisor<Auto, es::child<a, Restart, es::significant>>>;
template <class Restart>
constexpr bool accepts_significant_under_never =
    es::is_valid<es::supervisor<es::child<a, Restart, es::significant>>>;

TEST_CASE("child_specs_map: significant is accepted exactly where OTP accepts it") {
  static_assert(accepts_significant<es::auto_shutdown_any, es::transient>);
  static_assert(accepts_significant<es::auto_shutdown_any, es::temporary>);
  static_assert(accepts_significant<es::auto_shutdown_all, es::transient>);
  static_assert(accepts_significant<es::auto_shutdown_all, es::temporary>);
  static_assert(!accepts_significant<es::auto_shutdown_any, es::permanent>);
  static_assert(!accepts_significant<es::auto_shutdown_all, es::permanent>);
  static_assert(!accepts_significant_under_never<es::permanent>);
  static_assert(!accepts_significant_under_never<es::transient>);
  static_assert(!accepts_significant_under_never<es::temporary>);
  static_assert(!es::is_valid<es::supervisor<es::auto_shutdown_any, es::child<a, es::significant>>>);
  // Nothing significant, which OTP accepts, would never shut down.
  static_assert(!es::is_valid<es::supervisor<es::auto_shutdown_any, es::child<a, es::transient>>>);
}

TEST_CASE("sup_flags: every valid flag is accepted, and a bad one not") {
  static_assert(es::is_valid<es::supervisor<es::one_for_all, es::intensity<0, 1_s>, a, b>>);
  static_assert(es::is_valid<es::supervisor<es::rest_for_one, es::intensity<1000, 1_h>, a, b>>);
  static_assert(es::is_valid<es::supervisor<es::one_for_one, es::auto_shutdown_all, a,
                                            es::child<b, es::transient, es::significant>>>);
  static_assert(!es::is_valid<es::supervisor<es::intensity<-1, 1_s>, a>>);
  static_assert(!es::is_valid<es::supervisor<es::intensity<1, 0_s>, a>>);
  static_assert(!es::is_valid<es::supervisor<es::intensity<1, es::infinity>, a>>);
  static_assert(!es::is_valid<es::supervisor<es::one_for_one, es::rest_for_one, a>>);
}

TEST_CASE("can be supervised directly: a supervisor is a child by its own name, which is there once") {
  struct left : es::supervisor<a> {};
  struct right : es::supervisor<b> {};
  struct tree : es::supervisor<left, right> {};
  static_assert(!es::is_valid<es::supervisor<left, right, left>>);
  es::simulation<tree> sim;
  CHECK(told::children<tree>(sim) == "left running, right running");
  CHECK(sim.count_children<tree>() == es::child_counts{2, 2, 2, 0});
}

}  // namespace
