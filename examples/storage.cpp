// clang-format off
#include <cassert>
#include <espalier.hpp>
#include <map>

namespace es = espalier;
using namespace es::literals;

struct database {
  struct store { std::string key, value; };
  struct fetch { std::string key; using reply = std::optional<std::string>; };

  void handle(store m) { rows[m.key] = m.value; }
  std::optional<std::string> handle(fetch m) {
    if (auto it = rows.find(m.key); it != rows.end()) return it->second;
    return {};
  }
  std::map<std::string, std::string> rows;
};

struct cache {
  using calls = es::processes<database>;          // whom it may call (and cast to)
  using restarts_with = es::processes<database>;  // its state is worthless once this one restarts

  struct get { std::string key; using reply = std::optional<std::string>; };

  es::task<std::optional<std::string>> handle(get m, es::context<cache>& self) {  // a handler may suspend
    if (auto it = rows.find(m.key); it != rows.end()) co_return it->second;
    auto row = co_await self.call<database, database::fetch>(m.key);              // no thread is blocked
    if (row && row->empty()) throw std::runtime_error("corrupt row " + m.key);    // let it crash
    if (row) rows[m.key] = *row;
    co_return row;
  }
  std::map<std::string, std::string> rows;
};

struct web { using calls = es::processes<cache>; };
struct logs {};

// clang-format off
struct storage : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>,
    es::child<database, es::permanent, es::shutdown<2_s>>,
    es::child<cache>> {};

struct app : es::supervisor<es::one_for_one,
    logs,
    storage,
    es::child<web, es::transient>> {};
// clang-format on

// Policy is checked by the compiler.
static_assert(es::blast_radius<app, database> == es::processes<database, cache>{});
static_assert(es::blast_radius<app, web> == es::processes<web>{});
static_assert(es::shutdown_bound<app> <= 20_s);

int main() {
  std::fwrite(es::diagram<app>.data(), 1, es::diagram<app>.size(), stdout);
  es::system<app> sys;
  sys.cast<database>(database::store{"k", "v"});
  assert(sys.call<cache>(cache::get{"k"}) == "v");

  sys.cast<database>(database::store{"bad", ""});
  try {
    sys.call<cache>(cache::get{"bad"});  // crashes the cache, and nobody else
    assert(false);
  } catch (es::call_failed const& failed) {
    assert(failed.reason() == es::exit_reason(es::reason::crashed, "std::runtime_error: corrupt row bad"));
  }
  assert(sys.call<cache>(cache::get{"k"}) == "v");  // a new cache asks the same database
}
