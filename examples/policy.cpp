// clang-format off
// What an operator asks about a tree after an outage, answered by the compiler. Prints the whole policy.
#include <cassert>
#include <cstdio>
#include <espalier.hpp>

namespace es = espalier;
using namespace es::literals;

struct logs {};
struct database { void terminate() {} };
struct cache {
  using calls = es::processes<database>;
  using restarts_with = es::processes<database>;
};
struct web { using calls = es::processes<cache>; };
struct backup { using calls = es::processes<database>; };  // a job that is done once

struct storage : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>,
    es::child<database, es::shutdown<2_s>>,
    cache> {};

struct app : es::supervisor<es::one_for_one,
    logs,
    storage,
    es::child<web, es::transient>,
    es::child<backup, es::temporary, es::brutal_kill>> {};

// How large is it, and how long may a stop take?
static_assert(es::process_count<app> == 5 && es::supervisor_count<app> == 2 && es::depth<app> == 2);
static_assert(es::footprint<app> < 8'192);
static_assert(es::shutdown_bound<app> == 17'100_ms);

// What does a crash of the database end, and what if it comes again and again?
static_assert(es::blast_radius<app, database> == es::processes<database, cache>{});
static_assert(es::blast_radius<app, database, 2> == es::processes<logs, database, cache, web, backup>{});
// Who may fall with it, because a call to it fails?
static_assert(es::exposed<app, database> == es::processes<database, cache, web, backup>{});

// How many crashes at one instant does the tree survive?
static_assert(es::crash_budget<app, database> == 7);
static_assert(es::crash_budget<app, backup> == es::unbounded);
// If each restart lasts that long, do the crashes end the program at last? After 2 s each, storage has forgotten the
// first restart before the fourth, and would restart the database for ever.
static_assert(!es::never_escalates<app, database, 1_s>);
static_assert(es::never_escalates<app, database, 2_s>);

int main() {
  std::fwrite(es::explain<app>.data(), 1, es::explain<app>.size(), stdout);
  assert(es::explain<app>.starts_with("process "));
  assert(es::diagram_dot<app>.starts_with("digraph {"));  // for Graphviz
  assert(es::diagram_mermaid<app>.starts_with("flowchart"));  // for GitHub's pages
}
