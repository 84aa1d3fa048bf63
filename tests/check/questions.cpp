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

TEST_CASE("blast radius of a plain crash, by strategy (25)") {
  static_assert(es::blast_radius<tree<a, b, c>, b> == es::processes<b>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, a, b, c>, b> == es::processes<b, c>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, a, b, c>, c> == es::processes<c>{});
  static_assert(es::blast_radius<tree<es::one_for_all, a, b, c>, b> == es::processes<a, b, c>{});
}

TEST_CASE("blast radius reaches through nested supervisors, and not beyond them") {
  using nested = tree<es::one_for_all, a, tree<b, tree<c>>, d>;
  static_assert(es::blast_radius<nested, a> == es::processes<a, b, c, d>{});
  static_assert(es::blast_radius<nested, c> == es::processes<c>{});
}

TEST_CASE("a temporary process falls alone, and a temporary sibling falls with the others (25)") {
  static_assert(es::blast_radius<tree<es::one_for_all, es::child<a, es::temporary>, b>, a> ==
                es::processes<a>{});
  static_assert(es::blast_radius<tree<es::one_for_all, es::child<a, es::temporary>, b>, b> ==
                es::processes<a, b>{});
}

TEST_CASE("a significant end that is not restarted takes its supervisor along (25)") {
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

TEST_CASE("an intensity of zero above widens the radius, and so on up (25)") {
  using strict = tree<es::intensity<0, 1_s>, a, b>;
  static_assert(es::blast_radius<strict, a> == es::processes<a, b>{});
  static_assert(es::blast_radius<tree<strict, c>, a> == es::processes<a, b>{});
  static_assert(es::blast_radius<tree<es::intensity<0, 1_s>, strict, c>, a> == es::processes<a, b, c>{});
  static_assert(es::blast_radius<tree<es::rest_for_one, strict, c>, a> == es::processes<a, b, c>{});
}

TEST_CASE("blast radius after escalations (25)") {
  using nested = tree<tree<tree<a, b>, c>, d>;
  static_assert(es::blast_radius<nested, a> == es::processes<a>{});
  static_assert(es::blast_radius<nested, a, 1> == es::processes<a, b>{});
  static_assert(es::blast_radius<nested, a, 2> == es::processes<a, b, c>{});
  static_assert(es::blast_radius<nested, a, 3> == es::processes<a, b, c, d>{});
  static_assert(es::blast_radius<nested, a, 9> == es::processes<a, b, c, d>{});
}

TEST_CASE("the stop is bounded by the sum of the processes' limits (27)") {
  static_assert(es::shutdown_bound<tree<a, b>> == 10_s);
  static_assert(es::shutdown_bound<tree<es::child<a, es::brutal_kill>, es::child<b, es::shutdown<2_s>>>> ==
                2100_ms);
  static_assert(es::shutdown_bound<tree<es::child<a, es::shutdown<es::infinity>>, b>> == es::unbounded);
  static_assert(es::shutdown_bound<tree<es::child<tree<a, b>, es::shutdown<60_s>>, c>> == 15_s);
}

TEST_CASE("processes are counted without their supervisors, and listed in start order (28)") {
  static_assert(es::process_count<tree<a, tree<b, tree<c>>, d>> == 4);
  static_assert(es::start_order<tree<a, tree<b, tree<c>>, d>> == es::processes<a, b, c, d>{});
  static_assert(es::start_order<tree<d, tree<b, a>>> == es::processes<d, b, a>{});
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
    "restarts_with holds through nested supervisors if every crash of the other one ends the process (29)") {
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
