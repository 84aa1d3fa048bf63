#include <espalier/runtime/stable_array.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using espalier::runtime::stable_array;

namespace {

struct alignas(64) wide {
  explicit wide(int n, std::vector<int>* l = nullptr) : number(n), lost(l) {
    if (n < 0) throw std::string("no");
  }
  wide(wide const&) = delete;
  ~wide() {
    if (lost != nullptr) lost->push_back(number);
  }
  int number;
  std::vector<int>* lost;
};

TEST_CASE("elements stay where they are while more are added, aligned and side by side") {
  stable_array<wide> all;
  std::vector<wide*> made;
  for (int i = 0; i != 1'000; ++i) made.push_back(&all.emplace_back(i));
  REQUIRE(all.size() == 1'000);
  for (std::size_t i = 0; i != made.size(); ++i) {
    CHECK(&all[i] == made[i]);
    CHECK(all[i].number == static_cast<int>(i));
    CHECK(reinterpret_cast<std::uintptr_t>(made[i]) % 64 == 0);
    if (i % 8 != 0) CHECK(made[i] == made[i - 1] + 1);
  }
}

TEST_CASE(
    "an element that could not be made is not there, and the others are destroyed, the last one first") {
  std::vector<int> lost;
  {
    stable_array<wide> all;
    for (int i = 0; i != 8; ++i) all.emplace_back(i, &lost);
    CHECK_THROWS(all.emplace_back(-1, &lost));
    CHECK(all.size() == 8);
    all.emplace_back(8, &lost);
  }
  CHECK(lost == std::vector{8, 7, 6, 5, 4, 3, 2, 1, 0});
}

}  // namespace
