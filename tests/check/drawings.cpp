#include <espalier/check.hpp>

#include <doctest/doctest.h>

#include <string>

namespace es = espalier;
using namespace es::literals;

namespace {

template <char C>
struct shard {};
struct cache {
  using calls = es::processes<shard<'&'>>;
  using restarts_with = es::processes<shard<'&'>>;
};
struct session {
  using casts = es::processes<cache, session>;
};
struct sessions : es::dynamic<es::child<session, es::temporary>> {};
struct door {
  using starts = es::processes<sessions>;
};
struct app : es::supervisor<es::supervisor<es::rest_for_one, shard<'&'>, es::child<cache, es::shutdown<2_s>>>,
                            sessions, door> {};

TEST_CASE("a tree is drawn for Graphviz, with what processes declare as dashed arrows") {
  CHECK(es::diagram_dot<app> ==
        "digraph {\n"
        "  ordering=out\n"
        "  n0 [label=\"app (one_for_one, 1 in 5 s)\" shape=box]\n"
        "  n1 [label=\"supervisor 1 (rest_for_one, 1 in 5 s)\" shape=box]\n"
        "  n0 -> n1\n"
        "  n2 [label=\"shard<'&'>\"]\n"
        "  n1 -> n2\n"
        "  n3 [label=\"cache, shutdown 2 s\"]\n"
        "  n1 -> n3\n"
        "  n3 -> n2 [label=\"calls\" style=dashed constraint=false]\n"
        "  n3 -> n2 [label=\"restarts_with\" style=dashed constraint=false]\n"
        "  n4 [label=\"sessions (dynamic, 1 in 5 s)\" shape=box]\n"
        "  n0 -> n4\n"
        "  n5 [label=\"session, temporary\"]\n"
        "  n4 -> n5\n"
        "  n5 -> n3 [label=\"casts\" style=dashed constraint=false]\n"
        "  n6 [label=\"door\"]\n"
        "  n0 -> n6\n"
        "  n6 -> n4 [label=\"starts\" style=dashed constraint=false]\n"
        "}\n");
}

TEST_CASE("a tree is drawn as a Mermaid flowchart, in which names may hold any character") {
  CHECK(es::diagram_mermaid<app> ==
        "flowchart TD\n"
        "  n0[\"app (one_for_one, 1 in 5 s)\"]\n"
        "  n0 --> n1[\"supervisor 1 (rest_for_one, 1 in 5 s)\"]\n"
        "  n1 --> n2([\"shard#lt;'#amp;'#gt;\"])\n"
        "  n1 --> n3([\"cache, shutdown 2 s\"])\n"
        "  n3 -. calls .-> n2\n"
        "  n3 -. restarts_with .-> n2\n"
        "  n0 --> n4[\"sessions (dynamic, 1 in 5 s)\"]\n"
        "  n4 --> n5([\"session, temporary\"])\n"
        "  n5 -. casts .-> n3\n"
        "  n0 --> n6([\"door\"])\n"
        "  n6 -. starts .-> n4\n");
}

TEST_CASE("what ends a label is escaped") {
  constexpr es::type_name name{"a\"b\\c#", 6, 0};
  auto written = [&](es::detail::quoting q) {
    char text[32] = {};
    es::detail::text_writer(text, q).add(name);
    return std::string(text);
  };
  CHECK(written(es::detail::quoting::none) == "a\"b\\c#");
  CHECK(written(es::detail::quoting::dot) == "a\\\"b\\\\c#");
  CHECK(written(es::detail::quoting::mermaid) == "a#quot;b\\c#35;");
}

struct lost {
  using calls = es::processes<door, int>;
};

TEST_CASE("a bad tree is drawn without the arrows that lead nowhere") {
  using bad =
      es::supervisor<es::intensity<INT64_MIN, 0_s>, lost, lost, es::child<cache, es::backoff<-1_ns, 1_h>>>;
  CHECK(es::diagram_mermaid<bad>.find("-. calls") == std::string_view::npos);
  CHECK(es::diagram_dot<bad>.find("-9223372036854775808 in 0 s") != std::string_view::npos);
  CHECK(es::diagram<bad>.find("backoff -1 ns to 1 h") != std::string_view::npos);
}

}  // namespace
