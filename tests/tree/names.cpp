#include <espalier/tree.hpp>

#include <doctest/doctest.h>

#include <string>

namespace es = espalier;

struct plain {};
template <class T>
struct wrapped {};
namespace nested::deep {
struct inner {};
}  // namespace nested::deep
namespace {
struct hidden {};
}  // namespace

template <class T>
static std::string spelled() {
  return std::string(es::name_of<T>.text, es::name_of<T>.size);
}

TEST_CASE("a type is called as its reader writes it") {
  struct local {};
  CHECK(spelled<plain>() == "plain");
  CHECK(spelled<nested::deep::inner>() == "nested::deep::inner");
  CHECK(spelled<wrapped<plain>>() == "wrapped<plain>");
  CHECK(spelled<hidden>() == "hidden");
  CHECK(spelled<local>() == "local");
}

TEST_CASE("a type's identity is its own") {
  CHECK(es::id_of<plain> == es::id_of<plain>);
  CHECK(es::id_of<plain> != es::id_of<hidden>);
  CHECK(es::name_of<plain>.hash != es::name_of<hidden>.hash);
}

TEST_CASE("lists of processes compare as sets, start orders in order") {
  static_assert(es::processes<plain, hidden>{} == es::processes<hidden, plain>{});
  static_assert(es::processes<plain, hidden>{} != es::processes<plain>{});
  static_assert(es::processes<>{} == es::processes<>{});
  static_assert(es::processes<plain>{} != es::processes<>{});
  static_assert(es::ordered_processes<plain, hidden>{} == es::processes<plain, hidden>{});
  static_assert(es::ordered_processes<plain, hidden>{} != es::processes<hidden, plain>{});
  static_assert(es::processes<hidden, plain>{} != es::ordered_processes<plain, hidden>{});
  static_assert(es::ordered_processes<plain>{} != es::ordered_processes<plain, hidden>{});
}

struct primary : es::name_for<plain> {};

TEST_CASE("a name stands for its process, and a process for itself") {
  static_assert(std::is_same_v<es::process_of<primary>, plain>);
  static_assert(std::is_same_v<es::process_of<plain>, plain>);
}
