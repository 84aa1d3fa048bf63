#include <espalier.hpp>

#include <doctest/doctest.h>

namespace runtime = espalier::runtime;

namespace {

struct request final : runtime::supervisor_request<int> {};

/// A request of that call.
runtime::answerable& numbered(request& r, std::uint64_t call) {
  r.from.call = call;
  return r;
}

TEST_CASE("a question takes the answer to it, and no other, while it is asked") {
  espalier::record about{};
  runtime::place_plan plan;
  plan.about = &about;
  runtime::place asking(plan, 0);
  runtime::place another(plan, 1);
  request answered;
  CHECK_FALSE(runtime::question::takes(asking, numbered(answered, 7)));
  {
    const runtime::question q(asking, 7);
    CHECK(q.answer() == nullptr);
    CHECK_FALSE(runtime::question::takes(asking, numbered(answered, 6)));  // a late one
    CHECK_FALSE(runtime::question::takes(another, numbered(answered, 7)));
    CHECK(q.answer() == nullptr);
    CHECK(runtime::question::takes(asking, numbered(answered, 7)));
    CHECK(q.answer() == &answered);
  }
  CHECK_FALSE(runtime::question::takes(asking, numbered(answered, 7)));
}

}  // namespace
