#include <espalier/check.hpp>

#include <doctest/doctest.h>

#include <string>

namespace es = espalier;
using namespace es::literals;
using es::detail::found;

namespace {

struct a {};
struct d;
struct b {
  using calls = es::processes<a>;
};
struct c {
  using calls = es::processes<a, b>;
  using casts = es::processes<d>;
  using restarts_with = es::processes<a>;
};
struct d {};

struct inner : es::supervisor<es::rest_for_one, es::intensity<3, 250_ms>, a,
                              es::child<b, es::transient, es::brutal_kill>> {};
struct outer : es::supervisor<inner, es::child<c, es::temporary, es::shutdown<1_s>>, es::one_for_all,
                              es::auto_shutdown_all, es::child<d, es::transient, es::significant>> {};

TEST_CASE("a tree is unpacked into records in start order") {
  constexpr es::tree_view tree = es::detail::view_of<outer>;
  REQUIRE(tree.size == 6);
  CHECK(tree[0].name == es::id_of<outer>);
  CHECK(tree[0].end == 6);
  CHECK(tree[0].children == 3);
  CHECK(tree[0].strategy == es::strategy_kind::one_for_all);
  CHECK(tree[0].auto_shutdown == es::auto_shutdown_kind::all_significant);
  CHECK(tree[0].max_restarts == 1);
  CHECK(tree[0].period == 5_s);

  CHECK(tree[1].name == es::id_of<inner>);
  CHECK(tree[1].supervisor);
  CHECK(tree[1].end == 4);
  CHECK(tree[1].max_restarts == 3);
  CHECK(tree[1].period == 250_ms);
  CHECK(tree[1].shutdown == es::infinity);

  CHECK(tree[2].name == es::id_of<a>);
  CHECK(tree[2].parent == 1);
  CHECK(tree[2].shutdown == 5_s);
  CHECK(tree[3].restart == es::restart_kind::transient);
  CHECK(tree[3].brutal_kill);
  CHECK(tree[4].restart == es::restart_kind::temporary);
  CHECK(tree[4].shutdown == 1_s);
  CHECK(tree[4].number == 1);
  CHECK(tree[5].significant);
}

TEST_CASE("the names a process declares are its edges, those it sends along first") {
  constexpr es::tree_view tree = es::detail::view_of<outer>;
  REQUIRE(tree[4].edge_count == 4);
  CHECK(tree[4].edges[0].kind == es::edge_kind::calls);
  CHECK(tree[4].edges[1].name == es::id_of<b>);
  CHECK(tree[4].edges[2].kind == es::edge_kind::casts);
  CHECK(tree[4].edges[3].kind == es::edge_kind::restarts_with);
}

TEST_CASE("a record leads back to its type") {
  static_assert(std::is_same_v<es::detail::name_at<outer, 0>, outer>);
  static_assert(std::is_same_v<es::detail::name_at<outer, 1>, inner>);
  static_assert(std::is_same_v<es::detail::name_at<outer, 3>, b>);
  static_assert(std::is_same_v<es::detail::name_at<outer, 5>, d>);
}

struct left : es::supervisor<a, b> {};
struct right : es::supervisor<a, es::supervisor<b>, c, d> {};
struct both : es::supervisor<left, right> {};

TEST_CASE("a name is searched in the nearest supervisor's subtree first, then outwards") {
  constexpr es::tree_view tree = es::detail::view_of<both>;
  constexpr auto names = es::detail::lookup_of<both>;
  // 0 both, 1 left, 2 a, 3 b, 4 right, 5 a, 6 (supervisor), 7 b, 8 c, 9 d
  CHECK(es::detail::resolve(tree, names, 3, es::id_of<a>).node == 2);
  CHECK(es::detail::resolve(tree, names, 8, es::id_of<a>).node == 5);
  CHECK(es::detail::resolve(tree, names, 7, es::id_of<a>).node == 5);
  CHECK(es::detail::resolve(tree, names, 3, es::id_of<d>).node == 9);
  CHECK(es::detail::resolve(tree, names, 3, es::id_of<left>).what == found::nowhere);
  CHECK(es::detail::resolve_from_root(tree, names, es::id_of<a>).what == found::often);
  CHECK(es::detail::resolve_from_root(tree, names, es::id_of<c>).node == 8);
}

TEST_CASE("sorting puts any order of names right, and leaves what is equal in order") {
  for (unsigned size = 0; size != 40; ++size) {
    std::array<std::uint64_t, 40> keys{};
    std::array<es::node_index, 40> list{};
    std::array<es::node_index, 40> spare{};
    for (unsigned i = 0; i != size; ++i) {
      keys[i] = (i * 7919 + 13) % 17;
      list[i] = i;
    }
    es::node_index const* const sorted = es::detail::sort(keys.data(), list.data(), spare.data(), size);
    for (unsigned i = 1; i < size; ++i) {
      const auto before = keys[sorted[i - 1]];
      const auto here = keys[sorted[i]];
      CHECK((before < here || (before == here && sorted[i - 1] < sorted[i])));
    }
  }
}

}  // namespace
