#include <doctest/doctest.h>

#include <espalier/runtime/address.hpp>
#include <espalier/runtime/bond_table.hpp>

using namespace espalier;
using runtime::bond;
using runtime::bond_kind;
using runtime::bond_table;

namespace {

/// Addresses that are compared, and never asked.
struct stranger {
  alignas(runtime::address) char memory[sizeof(runtime::address)];
  runtime::address& at() { return reinterpret_cast<runtime::address&>(memory); }
};

std::shared_ptr<bond> made(bond_kind kind, runtime::address* target = nullptr, std::uint64_t born_in = 0) {
  return std::make_shared<bond>(bond{.kind = kind, .target = target, .born_in = born_in, .notice = {}});
}

}  // namespace

TEST_CASE("those who watch are told once, in the order in which they came") {
  bond_table t;
  const auto first = made(bond_kind::monitor);
  const auto second = made(bond_kind::link);
  t.watch(first);
  t.watch(second);
  CHECK(t.take_watchers() == runtime::bond_list{first, second});
  CHECK(t.take_watchers().empty());
  CHECK_FALSE(first->attached);
}

TEST_CASE("who has given up watching is not told, and may give up again") {
  bond_table t;
  const auto b = made(bond_kind::monitor);
  t.watch(b);
  t.unwatch(*b);
  t.unwatch(*b);
  CHECK(t.empty());
}

TEST_CASE("a start that fails tells only of the bonds that it has made") {
  bond_table t;
  const auto of_others = made(bond_kind::monitor);
  const auto of_third_life = made(bond_kind::link, nullptr, 3);
  t.watch(of_others);
  t.watch(of_third_life);
  CHECK(t.take_watchers(3) == runtime::bond_list{of_third_life});
  CHECK(of_others->attached);
}

TEST_CASE("a link is found by its other end, a monitor is not") {
  stranger one;
  stranger other;
  bond_table t;
  const auto link = made(bond_kind::link, &one.at());
  t.own(made(bond_kind::monitor, &other.at()));
  t.own(link);
  CHECK(t.find_link(one.at()) == link);
  CHECK(t.find_link(other.at()) == nullptr);
}

TEST_CASE("a bond that is cancelled is gone, and knows it") {
  bond_table t;
  const auto b = made(bond_kind::monitor);
  t.own(b);
  CHECK(t.cancel(b->number) == b);
  CHECK(b->canceled);
  CHECK(t.cancel(b->number) == nullptr);
  CHECK_FALSE(t.forget(b->number));
}

TEST_CASE("numbers are not given twice") {
  bond_table t;
  const auto b = made(bond_kind::monitor);
  t.own(b);
  t.forget(b->number);
  const auto next = made(bond_kind::monitor);
  t.own(next);
  CHECK(next->number != b->number);
}

TEST_CASE("the end of a life cancels all its bonds, and leaves those who watch") {
  bond_table t;
  const auto mine = made(bond_kind::monitor);
  const auto of_other = made(bond_kind::monitor);
  t.own(mine);
  t.watch(of_other);
  CHECK(t.cancel_all().size() == 1);
  CHECK(mine->canceled);
  CHECK_FALSE(of_other->canceled);
  CHECK(t.take_watchers().size() == 1);
  CHECK(t.empty());
}
