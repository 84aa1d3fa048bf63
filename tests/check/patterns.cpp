// What the compiler knows of the children of dynamic supervisors that are supervisors.
#include <espalier/check.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;
using es::detail::found;

namespace {

struct a {};
struct b {
  using calls = es::processes<a>;
};
struct outer_b {
  using calls = es::processes<a>;
};
struct group : es::supervisor<es::rest_for_one, es::child<a, es::shutdown<3_s>>, b> {};
struct groups : es::dynamic<es::child<group, es::temporary>> {};

// An `a` outside, too.
struct first : es::supervisor<a, groups, outer_b> {};

constexpr es::tree_view view = es::detail::view_of<first>;
constexpr es::detail::name_lookup names = es::detail::lookup_of<first>;

constexpr es::node_index find(es::type_id name, es::node_index from) {
  const es::detail::resolution r = es::detail::resolve(view, names, from, name);
  return r.what == found::once ? r.node : es::no_node;
}

TEST_CASE("the records of a dynamic child know where it begins") {
  REQUIRE(view.size == 7);  // first, a, groups, group, a, b, outer_b
  CHECK(view[2].dynamic);
  for (es::node_index i : {0U, 1U, 2U, 6U}) CHECK(view[i].pattern == es::no_node);
  for (es::node_index i : {3U, 4U, 5U}) CHECK(view[i].pattern == 3);
  CHECK(view.is_pattern(5));
  CHECK(!view.is_pattern(6));
}

TEST_CASE("a name inside leads inside, one outside never does, and others lead further up") {
  static_assert(es::is_valid<first>);
  CHECK(find(es::id_of<a>, 5) == 4);
  CHECK(find(es::id_of<a>, 6) == 1);
  CHECK(find(es::id_of<outer_b>, 5) == 6);
  CHECK(find(es::id_of<b>, 6) == es::no_node);
  CHECK(es::detail::resolve_from_root(view, names, es::id_of<a>).node == 1);
  CHECK(es::detail::resolve_from_root(view, names, es::id_of<b>).what == found::nowhere);
}

struct inner_calls_up : es::supervisor<b> {};
struct ups : es::dynamic<inner_calls_up> {};
struct lonely : es::supervisor<es::dynamic<group>, outer_b> {};

TEST_CASE("calls out of a dynamic child obey the start order, and calls into one are refused") {
  static_assert(es::is_valid<es::supervisor<a, ups>>);
  static_assert(!es::is_valid<es::supervisor<ups, a>>);
  static_assert(!es::is_valid<lonely>);
}

TEST_CASE(
    "the questions leave dynamic children out, but for the bound of a stop, where one counts (SEMANTICS 27, "
    "28)") {
  static_assert(es::process_count<first> == 2);
  static_assert(es::start_order<first> == es::ordered_processes<a, outer_b>{});
  static_assert(es::blast_radius<first, b> == es::processes<>{});
  static_assert(es::shutdown_bound<first> == 5_s + 3_s + 5_s + 5_s);
  static_assert(!es::is_valid<es::supervisor<es::dynamic<es::child<group, es::shutdown<7_s>>>>>);
  static_assert(es::is_valid<es::supervisor<es::dynamic<es::child<group, es::shutdown<8_s>>>>>);
  CHECK(es::diagram<es::supervisor<groups>> ==
        "supervisor (one_for_one, 1 in 5 s)\n"
        "└─ groups (dynamic, 1 in 5 s)\n"
        "   └─ group (rest_for_one, 1 in 5 s), temporary\n"
        "      ├─ a, shutdown 3 s\n"
        "      └─ b, calls a\n");
}

struct relies {
  using calls = es::processes<outer_b>;
};
struct uses_inside : es::supervisor<relies> {};
struct relying : es::dynamic<es::child<uses_inside, es::temporary>> {};
struct starts_relying {
  using starts = es::processes<relying>;
};
struct chain : es::supervisor<a, outer_b, relying, starts_relying> {};

TEST_CASE("who starts a child is exposed to what any process in it calls (SEMANTICS 8)") {
  static_assert(es::exposed<chain, outer_b> == es::processes<outer_b, starts_relying>{});
  static_assert(es::exposed<chain, a> == es::processes<a, outer_b, starts_relying>{});
}

struct checks_inside {
  using restarts_with = es::processes<a>;
};
template <class Strategy>
struct bound_group : es::supervisor<Strategy, a, checks_inside> {};

TEST_CASE("restarts_with is judged inside a dynamic child as in a static tree (SEMANTICS 29)") {
  static_assert(es::is_valid<es::supervisor<es::dynamic<bound_group<es::rest_for_one>>>>);
  static_assert(!es::is_valid<es::supervisor<es::dynamic<bound_group<es::one_for_one>>>>);
}

struct leaf_sessions : es::dynamic<a> {};
struct only_dynamic : es::supervisor<leaf_sessions> {};
struct also_a_process : es::supervisor<leaf_sessions, a> {};

TEST_CASE("a child has a process of its own, by which it is found") {
  static_assert(!es::is_valid<es::supervisor<es::dynamic<only_dynamic>>>);
  static_assert(es::is_valid<es::supervisor<es::dynamic<also_a_process>>>);
  static_assert(!es::is_valid<es::supervisor<es::partitioned<group, 2>>>);
}

}  // namespace
