#include <espalier/check.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;

namespace {

struct a {};
struct b {};
struct c {};
struct d {};
struct e {};

template <class... Parts>
using tree = es::supervisor<Parts...>;

TEST_CASE("blast radius of a plain crash, by strategy (SEMANTICS 25)") {
  static_assert(es::blast_radius<tree<a, b, c>, b> == es::processes<b>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, a, b, c>, b> == es::processes<b, c>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, a, b, c>, c> == es::processes<c>{});
  static_assert(es::blast_radius<tree<es::one_for_all, a, b, c>, b> == es::processes<a, b, c>{});
}

TEST_CASE("blast radius reaches through nested supervisors, and not beyond them (SEMANTICS 25)") {
  using nested = tree<es::one_for_all, a, tree<b, tree<c>>, d>;
  static_assert(es::blast_radius<nested, a> == es::processes<a, b, c, d>{});
  static_assert(es::blast_radius<nested, c> == es::processes<c>{});
}

TEST_CASE("a temporary process falls alone, and a temporary sibling falls with the others (SEMANTICS 25)") {
  static_assert(es::blast_radius<tree<es::one_for_all, es::child<a, es::temporary>, b>, a> ==
                es::processes<a>{});
  static_assert(es::blast_radius<tree<es::one_for_all, es::child<a, es::temporary>, b>, b> ==
                es::processes<a, b>{});
}

TEST_CASE("a significant end that is not restarted takes its supervisor along (SEMANTICS 25)") {
  using group = tree<es::auto_shutdown_any, a, es::child<b, es::temporary, es::significant>>;
  static_assert(es::blast_radius<group, b> == es::processes<a, b>{});
  static_assert(es::blast_radius<group, a> == es::processes<a>{});
  using all = tree<es::auto_shutdown_all, es::child<a, es::temporary, es::significant>,
                   es::child<b, es::temporary, es::significant>>;
  static_assert(es::blast_radius<all, b> == es::processes<b>{});
  // The parent restarts it if it is permanent; a transient one stays down, and may itself be significant.
  using deep = tree<es::auto_shutdown_any, c, es::child<group, es::transient, es::significant>, d>;
  static_assert(es::blast_radius<deep, b> == es::processes<a, b, c, d>{});
}

TEST_CASE("an intensity of zero above widens the radius, and so on up (SEMANTICS 25)") {
  using strict = tree<es::intensity<0, 1_s>, a, b>;
  static_assert(es::blast_radius<strict, a> == es::processes<a, b>{});
  static_assert(es::blast_radius<tree<strict, c>, a> == es::processes<a, b>{});
  static_assert(es::blast_radius<tree<es::intensity<0, 1_s>, strict, c>, a> == es::processes<a, b, c>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, strict, c>, a> == es::processes<a, b, c>{});
}

TEST_CASE("blast radius after escalations (SEMANTICS 25)") {
  using nested = tree<tree<tree<a, b>, c>, d>;
  static_assert(es::blast_radius<nested, a> == es::processes<a>{});
  static_assert(es::blast_radius<nested, a, 1> == es::processes<a, b>{});
  static_assert(es::blast_radius<nested, a, 2> == es::processes<a, b, c>{});
  static_assert(es::blast_radius<nested, a, 3> == es::processes<a, b, c, d>{});
  static_assert(es::blast_radius<nested, a, 9> == es::processes<a, b, c, d>{});
}

struct caller_of_a {
  using calls = es::processes<a>;
};
struct caller_of_caller {
  using calls = es::processes<caller_of_a>;
};
struct caster_to_a {
  using casts = es::processes<a>;
};

TEST_CASE("exposed are the radius, the callers, theirs, and their radii (SEMANTICS 8)") {
  using flat = tree<a, b, caller_of_a, caller_of_caller, caster_to_a>;
  static_assert(es::exposed<flat, a> == es::processes<a, caller_of_a, caller_of_caller>{});
  static_assert(es::exposed<flat, b> == es::processes<b>{});
  static_assert(es::exposed<flat, caller_of_a> == es::processes<caller_of_a, caller_of_caller>{});
  // A caller's radius reaches back to what started earlier, and on to who calls that.
  using deep =
      tree<tree<a>, tree<es::one_for_all, b, caller_of_a>, tree<es::rest_for_one, caller_of_caller, d>, e>;
  static_assert(es::exposed<deep, a> == es::processes<a, b, caller_of_a, caller_of_caller, d>{});
  static_assert(es::exposed<deep, b> == es::processes<b, caller_of_a, caller_of_caller, d>{});
  static_assert(es::exposed<deep, e> == es::processes<e>{});
  static_assert(es::exposed<deep, caster_to_a> == es::processes<>{});
}

TEST_CASE("the crashes that a tree survives multiply over its levels (SEMANTICS 26)") {
  using inner = tree<es::intensity<2, 5_s>, a, b>;
  static_assert(es::crash_budget<inner, a> == 2);
  static_assert(es::crash_budget<tree<es::intensity<3, 5_s>, inner, c>, a> == 11);
  static_assert(es::crash_budget<tree<es::intensity<3, 5_s>, inner, c>, c> == 3);
  static_assert(es::crash_budget<tree<es::intensity<0, 5_s>, inner>, a> == 2);
  static_assert(
      es::crash_budget<
          tree<es::one_for_all, es::intensity<10, 5_s>, es::supervisor<es::intensity<10, 5_s>, a>>, a> ==
      120);
  static_assert(es::crash_budget<inner, e> == 0);
}

TEST_CASE("a process that ends for good while the root lives has no budget to exceed (SEMANTICS 26)") {
  static_assert(es::crash_budget<tree<es::child<a, es::temporary>>, a> == es::unbounded);
  static_assert(es::crash_budget<tree<es::child<a, es::transient>>, a> == 1);
  // A supervisor that gave up ends with `shutdown`, so a transient one is not restarted.
  using inner = tree<es::intensity<2, 5_s>, a>;
  static_assert(es::crash_budget<tree<es::child<inner, es::transient>, b>, a> == es::unbounded);
  static_assert(es::crash_budget<tree<es::child<inner, es::temporary>, b>, a> == es::unbounded);
  // Unless it is significant.
  static_assert(
      es::crash_budget<tree<es::auto_shutdown_any, es::child<inner, es::transient, es::significant>>, a> ==
      2);
  static_assert(
      es::crash_budget<tree<es::auto_shutdown_any, es::child<a, es::temporary, es::significant>>, a> == 0);
  static_assert(es::crash_budget<inner, a> < es::unbounded);
}

TEST_CASE("a budget that is too large to count is finite all the same (SEMANTICS 26)") {
  using inner = tree<es::intensity<INT64_MAX, 5_s>, a>;
  static_assert(es::crash_budget<tree<es::intensity<INT64_MAX, 5_s>, inner>, a> == UINT64_MAX - 1);
  static_assert(es::crash_budget<tree<es::intensity<INT64_MAX, 5_s>, inner>, a> < es::unbounded);
}

TEST_CASE("the stop is bounded by the sum of the processes' limits (SEMANTICS 27)") {
  static_assert(es::shutdown_bound<tree<a, b>> == 10_s);
  static_assert(es::shutdown_bound<tree<es::child<a, es::brutal_kill>, es::child<b, es::shutdown<2_s>>>> ==
                2100_ms);
  static_assert(es::shutdown_bound<tree<es::child<a, es::shutdown<es::infinity>>, b>> == es::unbounded);
  static_assert(es::shutdown_bound<tree<es::child<tree<a, b>, es::shutdown<60_s>>, c>> == 15_s);
}

TEST_CASE("processes are counted without their supervisors, and listed in start order (SEMANTICS 28)") {
  static_assert(es::process_count<tree<a, tree<b, tree<c>>, d>> == 4);
  static_assert(es::start_order<tree<a, tree<b, tree<c>>, d>> == es::processes<a, b, c, d>{});
  static_assert(es::start_order<tree<d, tree<b, a>>> == es::processes<d, b, a>{});
}

TEST_CASE("supervisors are counted, and the most of them that stand above one process (SEMANTICS 28)") {
  static_assert(es::supervisor_count<tree<a, tree<b, tree<c>>, d>> == 3);
  static_assert(es::supervisor_count<tree<es::dynamic<a>, b>> == 2);
  static_assert(es::depth<tree<a>> == 1);
  static_assert(es::depth<tree<a, tree<b, tree<c>>, d>> == 3);
  static_assert(es::depth<tree<tree<tree<c>>, a, tree<b>>> == 3);
  static_assert(es::depth<tree<a, es::dynamic<b>>> == 2);
  static_assert(es::depth<a> == 0 && es::depth<tree<>> == 0);
}

struct worried {
  using calls = es::processes<e>;
  using restarts_with = es::processes<a>;
};

TEST_CASE("questions about a bad tree compile") {
  using bad = tree<es::intensity<-1, 0_s>, worried, a, a, es::one_for_all, es::one_for_all, tree<>>;
  static_assert(!es::is_valid<bad>);
  static_assert(es::process_count<bad> == 3);
  static_assert(es::shutdown_bound<bad> == 15_s);
  static_assert(es::blast_radius<bad, worried> == es::processes<worried, a>{});
  static_assert(es::blast_radius<bad, e> == es::processes<>{});
  static_assert(es::start_order<bad> == es::processes<worried, a, a>{});
  CHECK(!es::diagram<bad>.empty());
  static_assert(!es::is_valid<a>);
}

TEST_CASE(
    "restarts_with holds through nested supervisors if every crash of the other one ends the process "
    "(SEMANTICS 29)") {
  static_assert(es::is_valid<tree<es::rest_for_one, a, e, tree<worried, d>>>);
  static_assert(es::is_valid<tree<es::rest_for_one, tree<es::intensity<0, 1_s>, a, d>, e, worried>>);
  static_assert(!es::is_valid<tree<es::rest_for_one, tree<a, d>, e, worried>>);
  static_assert(!es::is_valid<tree<a, e, worried>>);
  static_assert(!es::is_valid<tree<es::one_for_all, es::child<a, es::temporary>, e, worried>>);
}

struct storage : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>, es::child<a, es::shutdown<2_s>>,
                                es::child<b, es::brutal_kill>> {};
struct asking {
  using calls = es::processes<a, b>;
  using casts = es::processes<c>;
};
struct shown : es::supervisor<es::auto_shutdown_any, c, storage, es::supervisor<es::one_for_all, d, e>,
                              es::child<asking, es::transient, es::significant>> {};

TEST_CASE("a tree is drawn as text") {
  CHECK(es::diagram<shown> ==
        "shown (one_for_one, 1 in 5 s, auto_shutdown_any)\n"
        "├─ c\n"
        "├─ storage (rest_for_one, 3 in 5 s)\n"
        "│  ├─ a, shutdown 2 s\n"
        "│  └─ b, brutal_kill\n"
        "├─ supervisor 3 (one_for_all, 1 in 5 s)\n"
        "│  ├─ d\n"
        "│  └─ e\n"
        "└─ asking, transient, significant, calls a b, casts c\n");
}

}  // namespace
