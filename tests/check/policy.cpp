// Which policies are refused, and which are not. The sentences are in tests/rejected.
#include <espalier/check.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;

namespace {

struct a {};
struct b {};
struct c {};
struct d {};

template <class... Parts>
using tree = es::supervisor<Parts...>;
template <class... Parts>
inline constexpr bool accepted = es::is_valid<es::supervisor<Parts...>>;

using gone = es::child<b, es::temporary>;

TEST_CASE("a temporary child is refused where the restart of a sibling would end it for good") {
  static_assert(!accepted<es::one_for_all, a, gone>);
  static_assert(!accepted<es::one_for_all, gone, a>);
  static_assert(!accepted<es::one_for_all, gone, es::child<a, es::transient>>);
  static_assert(!accepted<es::rest_for_one, a, gone>);
  static_assert(!accepted<es::rest_for_one, a, es::child<tree<b>, es::temporary>>);
  static_assert(accepted<es::one_for_all, a, es::child<tree<gone>, es::permanent>>);
}

TEST_CASE("a temporary child is accepted where no restart of a sibling reaches it") {
  static_assert(accepted<es::one_for_one, a, gone>);
  static_assert(accepted<es::rest_for_one, gone, a>);
  static_assert(accepted<es::one_for_all, es::child<a, es::temporary>, gone>);
  // Without restarts the supervisor ends, and starts the child anew with all others.
  static_assert(accepted<es::one_for_all, es::intensity<0, 1_s>, a, gone>);
  // A supervisor that is transient ends with `shutdown`, and is not restarted.
  static_assert(accepted<es::one_for_all, gone,
                         es::child<tree<a>, es::transient, es::allow<es::transient_supervisor>>>);
}

TEST_CASE("what is suspicious is accepted where it is allowed, and nowhere else") {
  using lost = es::allow<es::temporary_lost_to_sibling>;
  static_assert(accepted<es::one_for_all, a, es::child<b, es::temporary, lost>>);
  static_assert(!accepted<es::one_for_all, es::child<a, lost>, gone>);
  static_assert(!accepted<es::one_for_all, lost, a, gone>);
  static_assert(
      !accepted<es::one_for_all, a, es::child<b, es::temporary, lost>, es::child<c, es::temporary>>);
  static_assert(
      !accepted<es::one_for_all, a, es::child<b, es::temporary, es::allow<es::transient_supervisor>>>);
  // A supervisor says it of itself as well as the list that it stands in.
  static_assert(accepted<es::child<tree<a>, es::transient, es::allow<es::transient_supervisor>>>);
  static_assert(accepted<es::child<tree<a, es::allow<es::transient_supervisor>>, es::transient>>);
  static_assert(accepted<es::child<tree<es::one_for_all, a>, es::allow<es::strategy_without_effect>>>);
  static_assert(accepted<es::one_for_all, es::allow<es::strategy_without_effect>, a>);
}

TEST_CASE("a transient supervisor is suspicious unless it shuts down by itself") {
  static_assert(!accepted<es::child<tree<a>, es::transient>>);
  static_assert(accepted<es::child<tree<a>, es::temporary>>);
  static_assert(accepted<es::child<tree<es::auto_shutdown_any, es::child<a, es::transient, es::significant>>,
                                   es::transient>>);
}

TEST_CASE("a strategy for siblings has no effect on a single child, also if that is a supervisor") {
  static_assert(!accepted<es::one_for_all, a>);
  static_assert(!accepted<es::rest_for_one, tree<a, b>>);
  static_assert(accepted<es::one_for_all, a, b>);
  static_assert(accepted<es::one_for_one, a>);
}

struct cleans_up {
  void terminate() {}
};
struct cleans_up_in_private {
 private:
  void terminate() {}
};
struct knows_why {
  template <class Reason>
  void terminate(Reason const&) {}
};

TEST_CASE("terminate is skipped on a stop by brutal_kill alone") {
  static_assert(!accepted<es::child<cleans_up, es::brutal_kill>>);
  static_assert(!accepted<es::child<knows_why, es::brutal_kill>>);
  static_assert(accepted<es::child<cleans_up, es::shutdown<0_s>>>);
  static_assert(accepted<es::child<a, es::brutal_kill>>);
  static_assert(accepted<es::child<cleans_up_in_private, es::brutal_kill>>);
}

TEST_CASE("the limit of a supervisor is at least the bound of what it stops (SEMANTICS 18)") {
  using inner = tree<a, es::child<b, es::brutal_kill>>;  // 5.1 s
  static_assert(!accepted<es::child<inner, es::shutdown<5_s>>>);
  static_assert(accepted<es::child<inner, es::shutdown<5100_ms>>>);
  static_assert(!accepted<es::child<inner, es::shutdown<0_s>>>);
  // Its own children's limits do not count, their processes do.
  static_assert(accepted<es::child<tree<es::child<inner, es::shutdown<1_h>>>, es::shutdown<6_s>>>);
  static_assert(!accepted<es::child<tree<inner, c>, es::shutdown<10_s>>>);
  static_assert(!accepted<es::child<tree<es::child<a, es::shutdown<es::infinity>>>, es::shutdown<24_h>>>);
  // The children of a dynamic supervisor stop at once.
  static_assert(accepted<es::child<es::dynamic<a>, es::shutdown<5_s>>>);
  static_assert(!accepted<es::child<es::dynamic<a>, es::shutdown<4_s>>>);
}

template <class Restart>
using job = es::child<tree<es::auto_shutdown_all, es::child<a, es::temporary, es::significant>, b>, Restart>;

TEST_CASE("a supervisor that shuts down by itself is not permanent, unless it is the root") {
  static_assert(!accepted<job<es::permanent>>);
  static_assert(accepted<job<es::transient>>);
  static_assert(accepted<job<es::temporary>>);
  static_assert(accepted<es::auto_shutdown_any, es::child<a, es::transient, es::significant>>);
}

TEST_CASE("a supervisor that shuts down by itself has something significant among its own children") {
  static_assert(!accepted<es::auto_shutdown_any, a>);
  static_assert(!accepted<es::auto_shutdown_all, es::child<a, es::transient>>);
  static_assert(!accepted<es::auto_shutdown_all, job<es::transient>>);
}

struct there;
struct and_back {
  using casts = es::processes<there>;
};
struct there {
  using calls = es::processes<and_back>;
};
struct to_itself {
  using casts = es::processes<to_itself>;
};
template <es::overflow When>
using holding = es::mailbox<4, When>;

TEST_CASE("a mailbox that suspends its senders is refused on a cycle, wherever the cycle goes") {
  using suspends = holding<es::overflow::suspend>;
  static_assert(!accepted<and_back, es::child<there, suspends>>);
  static_assert(!accepted<es::child<and_back, suspends>, there>);
  static_assert(!accepted<tree<tree<es::child<and_back, suspends>>>, a, tree<there>>);
  static_assert(accepted<and_back, there, es::child<a, suspends>>);
  static_assert(accepted<es::child<to_itself, suspends>>);
  static_assert(accepted<and_back, es::child<there, holding<es::overflow::crash>>>);
}

// 0 -> 1 -> 2 -> 0, 2 -> 3 -> 4 -> 3, 5 -> 0, 4 -> 6
template <int N>
struct node;
template <>
struct node<0> {
  using casts = es::processes<node<1>>;
};
template <>
struct node<1> {
  using casts = es::processes<node<2>>;
};
template <>
struct node<2> {
  using casts = es::processes<node<0>, node<3>>;
};
template <>
struct node<3> {
  using casts = es::processes<node<4>>;
};
template <>
struct node<4> {
  using casts = es::processes<node<6>, node<3>>;
};
template <>
struct node<5> {
  using casts = es::processes<node<0>>;
};
template <>
struct node<6> {};

/// Whether a tree of the seven is accepted if that one holds up its senders.
template <int N>
inline constexpr bool may_hold =
    accepted<es::child<node<0>, holding<N == 0 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<1>, holding<N == 1 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<2>, holding<N == 2 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<3>, holding<N == 3 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<4>, holding<N == 4 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<5>, holding<N == 5 ? es::overflow::suspend : es::overflow::crash>>,
             es::child<node<6>, holding<N == 6 ? es::overflow::suspend : es::overflow::crash>>>;

TEST_CASE("only what stands on a cycle itself is on it, not what leads to one or comes from one") {
  static_assert(!may_hold<0> && !may_hold<1> && !may_hold<2>);
  static_assert(!may_hold<3> && !may_hold<4>);
  static_assert(may_hold<5> && may_hold<6>);
}

TEST_CASE("a cycle is one mistake, however many mailboxes on it suspend, and two cycles are two") {
  using suspends = holding<es::overflow::suspend>;
  using both = tree<es::child<node<0>, suspends>, es::child<node<1>, suspends>, es::child<node<2>, suspends>,
                    node<3>, es::child<node<4>, suspends>, node<6>>;
  static_assert(es::detail::findings_of<both>.size == 2);
  static_assert(es::detail::findings_of<both>.list[0].subject == 1);
  static_assert(es::detail::findings_of<both>.list[1].subject == 5);
}

struct wants_missing {
  using restarts_with = es::processes<d>;
};

TEST_CASE("what is said already is not said again as a policy") {
  // The missing process would be the second child.
  static_assert(es::detail::findings_of<tree<es::one_for_all, wants_missing>>.size == 1);
  // What is not known may have been meant to be significant, or to allow something.
  static_assert(es::detail::findings_of<tree<es::auto_shutdown_any, es::child<a, int>>>.size == 1);
  static_assert(es::detail::findings_of<tree<es::one_for_all, a, es::child<b, es::temporary, int>>>.size ==
                1);
  static_assert(es::detail::findings_of<tree<es::one_for_one, es::one_for_all, a, gone>>.size == 1);
  // Two mistakes are two, all the same.
  static_assert(es::detail::findings_of<tree<es::one_for_all, a, gone, es::child<c, int>>>.size == 2);
}

}  // namespace
