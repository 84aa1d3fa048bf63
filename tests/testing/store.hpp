// A small tree for the tests of the simulation: a database, a cache before it, and who asks the cache.
#pragma once

#include <espalier/testing.hpp>
#include <map>
#include <stdexcept>
#include <string>

namespace {

namespace es = espalier;
using namespace es::literals;

struct database {
  struct store {
    std::string key, value;
  };
  struct fetch {
    std::string key;
    using reply = std::optional<std::string>;
  };
  void handle(store m) { rows[m.key] = m.value; }
  std::optional<std::string> handle(fetch m) {
    auto at = rows.find(m.key);
    return at == rows.end() ? std::nullopt : std::optional(at->second);
  }
  std::map<std::string, std::string> rows;
};

struct cache {
  using calls = es::processes<database>;
  using restarts_with = es::processes<database>;
  struct get {
    std::string key;
    using reply = std::optional<std::string>;
  };
  es::task<std::optional<std::string>> handle(get m, es::context<cache>& self) {
    if (auto it = rows.find(m.key); it != rows.end()) co_return it->second;
    auto row = co_await self.call<database, database::fetch>(m.key);
    if (row && row->empty()) throw std::runtime_error("corrupt row " + m.key);
    if (row) rows[m.key] = *row;
    co_return row;
  }
  std::map<std::string, std::string> rows;
};

struct logs {
  struct line {
    std::string text;
  };
  struct count {
    using reply = int;
  };
  void handle(line) { ++lines; }
  int handle(count) { return lines; }
  int lines = 0;
};

/// Asks the cache, and tells the log.
struct web {
  using calls = es::processes<cache>;
  using casts = es::processes<logs>;
  struct visit {
    std::string key;
    using reply = std::string;
  };
  es::task<std::string> handle(visit m, es::context<web>& self) {
    self.cast<logs, logs::line>("visit " + m.key);
    auto found = co_await self.try_call<cache, cache::get>(m.key);
    if (!found) co_return "error: " + std::string(word(found.reason().kind()));
    co_return found.value().value_or("nothing");
  }
};

struct storage : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>, database, cache> {};
struct app : es::supervisor<es::one_for_one, logs, storage, es::child<web, es::transient>> {};

}  // namespace
