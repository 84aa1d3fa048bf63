// OTP's suite on compiled trees: what is kept for children started at run time, and how many there may be.
#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>

#include "told.hpp"

namespace es = espalier;
using namespace es::literals;
using es::child_result;

namespace {

/// Is started with something large, and keeps none of it.
struct laden : told::process<laden> {
  using args = es::arguments<std::shared_ptr<int const>>;
  explicit laden(std::shared_ptr<int const> const&) {}
};

/// How often the arguments of a running child are kept.
template <class Restart>
long kept_for_running() {
  struct group : es::dynamic<es::child<laden, Restart>> {};
  es::simulation<group> sim;
  const auto large = std::make_shared<int const>(0);
  for (int i = 0; i != 100; ++i) static_cast<void>(sim.template start_child<group>(large));
  CHECK(sim.template count_children<group>().active == 100);
  return large.use_count() - 1;
}

TEST_CASE(
    "do_not_save_start_parameters_for_temporary_children: they are kept as long as they may be needed") {
  CHECK(kept_for_running<es::permanent>() == 100);
  CHECK(kept_for_running<es::transient>() == 100);
  CHECK(kept_for_running<es::temporary>() == 0);
}

TEST_CASE("do_not_save_start_parameters_for_temporary_children: nobody's are kept after the end") {
  struct group : es::dynamic<es::child<laden, es::transient>, es::intensity<1, 5_s>> {};
  struct tree : es::supervisor<group> {};
  es::simulation<tree> sim;
  const auto large = std::make_shared<int const>(0);
  const auto one = sim.start_child<group>(large);
  const auto two = sim.start_child<group>(large);
  const auto three = sim.start_child<group>(large);
  told::to_crash(sim, one);
  CHECK(told::life(sim, one) == 2);
  CHECK(large.use_count() == 1 + 3);
  told::to_end(sim, one, es::reason::normal);
  CHECK(large.use_count() == 1 + 2);
  CHECK(sim.terminate_child(two) == child_result::ok);
  CHECK(large.use_count() == 1 + 1);
  told::to_crash(sim, three);  // the supervisor ends with it
  CHECK(sim.contains(es::trace{}.gave_up<group>().started<group>()));
  CHECK(large.use_count() == 1);
}

struct worker : told::process<worker> {};

/// Whether a child's only place is free at once after its end, or is restarted.
template <class Restart>
void its_place(es::exit_reason const& why, bool is_free) {
  struct group : es::dynamic<es::child<worker, Restart>, es::max_children<1>, es::intensity<2, 3600_s>> {};
  INFO("ends with ", why.to_string());
  es::simulation<group> sim;
  const es::ref<worker> first = sim.template start_child<group>();
  told::to_end(sim, first, why);
  if (is_free) {
    CHECK(sim.matches(es::trace{}.started<worker>().ended<worker>(why.kind())));
    const es::ref<worker> second = sim.template start_child<group>();
    CHECK(told::life(sim, second) == 1);
    CHECK(told::life(sim, first) == 0);
  } else {
    CHECK(sim.matches(es::trace{}.started<worker>().ended<worker>(why.kind()).template started<worker>()));
    CHECK_THROWS_WITH_AS(sim.template start_child<group>(), "call to group failed: max_children",
                         es::call_failed);
    CHECK(told::life(sim, first) == 2);
    CHECK(sim.terminate_child(first) == child_result::ok);
    CHECK(sim.template start_child<group>());
  }
}

TEST_CASE("do_not_save_child_specs_for_temporary_children: a place is free at once, unless it restarts") {
  const es::exit_reason killed = es::reason::killed;
  const es::exit_reason normal = es::reason::normal;
  const es::exit_reason abnormal{es::reason::crashed, "abnormal"};
  for (es::exit_reason const& why : {killed, normal, abnormal}) {
    its_place<es::permanent>(why, false);
    its_place<es::transient>(why, why == normal);
    its_place<es::temporary>(why, true);
  }
}

/// The processor time that starting and stopping children one by one takes, of the best of a few times.
template <class Group>
std::clock_t time_of(std::size_t children, int attempts) {
  std::clock_t best = 0;
  es::simulation<Group> sim;
  for (int i = 0; i != attempts; ++i) {
    std::vector<es::ref<worker>> all;
    const std::clock_t from = std::clock();
    for (std::size_t n = 0; n != children; ++n) all.push_back(sim.template start_child<Group>());
    const auto stopped = std::ranges::count_if(
        all, [&](auto const& one) { return sim.terminate_child(one) == child_result::ok; });
    const std::clock_t spent = std::max<std::clock_t>(std::clock() - from, 1);
    best = i == 0 ? spent : std::min(best, spent);
    CHECK(stopped == std::ssize(all));
    CHECK(sim.template count_children<Group>() == es::child_counts{});
  }
  return best;
}

TEST_CASE(
    "simple_one_for_one_scale_many_temporary_children: ten times the children take no fifty times the time") {
  struct group : es::dynamic<es::child<worker, es::temporary>> {};
  const std::clock_t few = time_of<group>(1000, 5);
  const std::clock_t many = time_of<group>(10'000, 2);
  CHECK(many / few < 50);
}

}  // namespace
