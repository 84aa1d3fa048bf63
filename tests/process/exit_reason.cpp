#include <espalier/process/exit_reason.hpp>

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace es = espalier;
using es::exit_reason;
using es::reason;

namespace {

TEST_CASE("a reason keeps its kind, text, origin and cause through copies and moves") {
  exit_reason disk(reason::crashed, "disk full");
  exit_reason why(reason::shutdown, "gave up", "root/writer", disk);
  exit_reason copy = why;
  why = reason::normal;
  CHECK(why.text().empty());
  CHECK(why.cause() == nullptr);
  CHECK(copy.kind() == reason::shutdown);
  CHECK(copy.origin() == "root/writer");
  REQUIRE(copy.cause() != nullptr);
  CHECK(*copy.cause() == disk);
  CHECK(copy.chain() == "shutdown: gave up; because crashed: disk full");
  const exit_reason moved = std::move(copy);
  CHECK(moved.chain() == "shutdown: gave up; because crashed: disk full");
}

TEST_CASE("a reason may be assigned its own cause, and itself") {
  exit_reason why(reason::shutdown, "gave up", "root/writer", exit_reason(reason::crashed, "disk full"));
  why = *why.cause();
  CHECK(why == exit_reason(reason::crashed, "disk full"));
  exit_reason const& same = why;
  why = same;
  CHECK(why.text() == "disk full");
}

TEST_CASE("every kind of reason is told from every other, with and without a text") {
  constexpr reason kinds[] = {reason::normal, reason::shutdown, reason::crashed, reason::killed,
                              reason::noproc, reason::no_reply, reason::timeout, reason::max_children};
  for (reason a : kinds) {
    CHECK(exit_reason(a).kind() == a);
    CHECK(exit_reason(a, "text").kind() == a);
    CHECK(exit_reason(a, "") == exit_reason(a));
    CHECK_FALSE(exit_reason(a, "text") == exit_reason(a));
    for (reason b : kinds) CHECK((exit_reason(a) == b) == (a == b));
  }
}

TEST_CASE("a box is empty, or holds a reason, also one that is normal and has no text") {
  es::runtime::reason_box box;
  CHECK_FALSE(bool(box));
  CHECK(box.value_or(reason::killed) == reason::killed);
  box = exit_reason(reason::normal);
  REQUIRE(bool(box));
  CHECK(*box == reason::normal);
  const es::runtime::reason_box other = std::move(box);
  CHECK(bool(other));
  CHECK_FALSE(bool(box));
  box = exit_reason(reason::crashed, "disk full");
  CHECK(box->text() == "disk full");
  box.reset();
  CHECK_FALSE(bool(box));
}

TEST_CASE("threads copy and drop the same reason at the same time") {
  std::vector<std::thread> threads;
  {
    const exit_reason why(reason::crashed, "disk full");
    for (int i = 0; i != 4; ++i) {
      threads.emplace_back([mine = why] {
        for (int n = 0; n != 1000; ++n) {
          const exit_reason copy = mine;
          if (copy.text() != "disk full") std::terminate();
        }
      });
    }
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
