#include <doctest/doctest.h>

#include <espalier/check.hpp>
#include <utility>

// Compiling this is most of the test: a thousand processes under the compiler's default limits.
namespace es = espalier;
using namespace es::literals;

namespace {

/// Calls its neighbour, or one far before it.
template <int N>
struct worker {
  using calls = es::processes<worker<N % 2 == 1 ? N - 1 : N / 2>>;
};
template <>
struct worker<0> {};

template <int G, class Sequence = std::make_integer_sequence<int, 8>>
struct group;
template <int G, int... I>
struct group<G, std::integer_sequence<int, I...>>
    : es::supervisor<es::one_for_all, es::intensity<3, 5_s>, worker<8 * G + I>...> {};

template <int A, class Sequence = std::make_integer_sequence<int, 25>>
struct area;
template <int A, int... I>
struct area<A, std::integer_sequence<int, I...>> : es::supervisor<es::rest_for_one, group<25 * A + I>...> {};

struct app : es::supervisor<es::one_for_one, area<0>, area<1>, area<2>, area<3>, area<4>> {};

TEST_CASE("a tree of a thousand processes is declared and judged") {
  static_assert(es::is_valid<app>);
  static_assert(sizeof(es::check<app>) != 0);  // prints the mistakes, if there are any
  static_assert(es::process_count<app> == 1000);
  static_assert(es::supervisor_count<app> == 131);
  static_assert(es::depth<app> == 3);
  static_assert(es::start_order<app>.size == 1000);
  static_assert(es::shutdown_bound<app> == 5000_s);
}

TEST_CASE("it is asked about its processes") {
  using last_group = es::processes<worker<992>, worker<993>, worker<994>, worker<995>, worker<996>,
                                   worker<997>, worker<998>, worker<999>>;
  static_assert(es::blast_radius<app, worker<999>> == last_group{});
  static_assert(es::blast_radius<app, worker<800>, 1>.size == 200);  // the rest of the last area
  static_assert(es::exposed<app, worker<999>> == last_group{});
  static_assert(es::exposed<app, worker<496>>.size > 8);  // and who calls these
  static_assert(es::crash_budget<app, worker<500>> == 4 * 2 * 2 - 1);
  static_assert(!es::never_escalates<app, worker<500>, 100_ms>);
  static_assert(es::never_escalates<app, worker<500>, 2_s>);
}

}  // namespace
