#include <espalier/check.hpp>

#include <doctest/doctest.h>

namespace es = espalier;
using namespace es::literals;

namespace {

struct logs {};
struct database {};
struct cache {
  using calls = es::processes<database>;
  using restarts_with = es::processes<database>;
};
struct web {
  using calls = es::processes<cache>;
};
struct visit {};
struct storage : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>,
                                es::child<database, es::permanent, es::shutdown<2_s>>, cache> {};
struct app : es::supervisor<logs, storage, es::child<web, es::transient>,
                            es::child<visit, es::temporary, es::brutal_kill>, es::dynamic<visit>> {};

TEST_CASE("a tree is explained as a table with aligned columns") {
  CHECK(
      es::explain<app> ==
      "process           started after  restarted by     exposed               crash budget  stop limit\n"
      "logs              -              logs             logs                  1             5 s\n"
      "storage/database  logs           database         database, cache, web  7             2 s\n"
      "storage/cache     database       database, cache  cache, web            7             5 s\n"
      "web               cache          web              web                   1             5 s\n"
      "visit             web            -                visit                 unbounded     brutal_kill\n");
}

template <int N>
struct one {};
struct many : es::supervisor<es::one_for_all, one<0>, one<1>, one<2>, one<3>, one<4>, one<5>, one<6>, one<7>,
                             one<8>, one<9>> {};

TEST_CASE("of a long list the table shows the first names, and how many more there are") {
  constexpr std::string_view all = "one<0>, one<1>, one<2>, one<3>, one<4>, one<5> and 4 more  ";
  constexpr std::size_t first = es::explain<many>.find(all);
  static_assert(first != std::string_view::npos);
  static_assert(es::explain<many>.substr(first + all.size()).starts_with(all));
}

template <class... Parts>
using tree = es::supervisor<Parts...>;
using flaky = tree<es::one_for_all, es::intensity<0, 1_s>, logs, es::child<visit, es::temporary>>;

TEST_CASE("restarted by is who brings it back, not who ends it for good") {
  // A supervisor that its parent restarts brings its temporary children back.
  CHECK(es::explain<tree<web, flaky>> ==
        "process             started after  restarted by  exposed      crash budget  stop limit\n"
        "web                 -              web           web          1             5 s\n"
        "supervisor 2/logs   web            logs          logs, visit  1             5 s\n"
        "supervisor 2/visit  logs           logs          visit        unbounded     5 s\n");
  // The root brings nobody back.
  static_assert(es::explain<flaky>.find("logs     -              -             logs, visit  0 ") !=
                std::string_view::npos);
  using lost =
      tree<es::one_for_all, logs, es::child<visit, es::temporary, es::allow<es::temporary_lost_to_sibling>>>;
  static_assert(es::explain<lost>.find("visit    logs           -             visit        unbounded") !=
                std::string_view::npos);
}

TEST_CASE("explain of a bad tree compiles") {
  CHECK(es::explain<tree<>>.starts_with("process  started after"));
  CHECK(es::explain<int>.find("int ") != std::string_view::npos);
  CHECK(es::explain<tree<cache, cache, int, tree<es::intensity<-1, 0_s>, web>>>.size() > 100);
}

}  // namespace
