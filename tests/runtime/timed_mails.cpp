#include <espalier/runtime/timed_mails.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using espalier::duration;
using espalier::end_of_time;
using espalier::instant;
using espalier::runtime::as_plain;
using espalier::runtime::envelope;
using espalier::runtime::envelope_list;
using espalier::runtime::timed_mails;

/// A message with a name. It tells when it is destroyed.
struct letter final : envelope {
  explicit letter(int n, std::function<void(int)> lost = {}) : name(n), when_lost(std::move(lost)) {}
  letter(std::in_place_t, int n) : letter(n) {}
  ~letter() override {
    if (when_lost) when_lost(name);
  }
  std::coroutine_handle<> begin(espalier::runtime::incarnation&) override { return {}; }
  void finish() override {}
  void abandon() noexcept override {}
  espalier::type_id message_type() const noexcept override { return espalier::id_of<letter>; }
  int name;
  std::function<void(int)> when_lost;
};

std::uint64_t add(timed_mails& to, int name, std::int64_t due, std::int64_t period = 0) {
  return to.add(std::make_unique<letter>(name), {due}, duration{period});
}
std::uint64_t add_plain(timed_mails& to, int name, std::int64_t due) {
  return to.add(as_plain<letter>(name), {due});
}
/// The names of what is due. What is not repeated is freed.
std::vector<int> names(envelope_list due) {
  std::vector<int> out;
  while (envelope* e = due.pop()) {
    out.push_back(static_cast<letter*>(e)->name);
    if (!e->is_repeated()) delete e;
  }
  return out;
}

/// Answers whether it was to come, and frees it.
bool cancel(timed_mails& from, std::uint64_t number, bool exactly = true) {
  const timed_mails::canceled c = from.cancel(number, exactly);
  if (c.mail != nullptr) timed_mails::free(*c.mail);
  return c.was_to_come;
}

TEST_CASE("what is due comes in order of time, and in order of arming where that is equal") {
  timed_mails all;
  add(all, 1, 30);
  add(all, 2, 10);
  add(all, 3, 20);
  add(all, 4, 10);
  add(all, 5, 40);
  CHECK(all.first() == instant{10});
  CHECK(names(all.take_due({9}, true)).empty());
  CHECK(names(all.take_due({30}, true)) == std::vector{2, 4, 3, 1});
  CHECK(all.first() == instant{40});
  CHECK(names(all.take_due({100}, true)) == std::vector{5});
  CHECK(all.first() == end_of_time);
  CHECK(all.empty());
}

TEST_CASE("a message is cancelled once, and only until it is taken out") {
  timed_mails all;
  const std::uint64_t first = add(all, 1, 10);
  const std::uint64_t second = add(all, 2, 20);
  const std::uint64_t third = add(all, 3, 30);
  CHECK(cancel(all, second));
  CHECK_FALSE(cancel(all, second));
  CHECK(names(all.take_due({10}, true)) == std::vector{1});
  CHECK_FALSE(cancel(all, first));
  add(all, 4, 15);  // has the place of another one
  CHECK_FALSE(cancel(all, first));
  CHECK_FALSE(cancel(all, second));
  CHECK_FALSE(cancel(all, 0));
  CHECK_FALSE(cancel(all, 99));
  CHECK(cancel(all, third));
  CHECK(names(all.take_due({100}, true)) == std::vector{4});
}

TEST_CASE("a cancelled message is destroyed at once, also the first one") {
  std::vector<int> lost;
  const auto note = [&](int n) { lost.push_back(n); };
  timed_mails all;
  const std::uint64_t first = all.add(std::make_unique<letter>(1, note), {10}, {});
  const std::uint64_t other = all.add(std::make_unique<letter>(2, note), {20}, {});
  CHECK(cancel(all, first));
  CHECK(lost == std::vector{1});
  CHECK(all.first() == instant{20});
  CHECK(cancel(all, other));
  CHECK(lost == std::vector{1, 2});
  CHECK(all.first() == end_of_time);
}

TEST_CASE("a repeated message is owned until it is cancelled, and keeps its beat") {
  std::vector<int> lost;
  timed_mails all;
  const std::uint64_t beat =
      all.add(std::make_unique<letter>(7, [&](int n) { lost.push_back(n); }), {10}, duration{10});
  envelope_list due = all.take_due({12}, true);
  envelope* const e = due.pop();
  REQUIRE(e != nullptr);
  CHECK(e->is_repeated());
  CHECK(all.first() == end_of_time);  // not before it has been handled
  CHECK(all.finish(*e, {13}) == nullptr);
  CHECK(all.first() == instant{20});
  CHECK(all.take_due({25}, true).pop() == e);
  CHECK(all.finish(*e, {47}) == nullptr);  // ticks that were missed are not made up for
  CHECK(all.first() == instant{50});
  CHECK(all.take_due({50}, true).pop() == e);
  CHECK(cancel(all, beat));  // while it is handled
  CHECK_FALSE(cancel(all, beat));
  CHECK(lost.empty());
  CHECK(all.finish(*e, {50}) == e);
  timed_mails::free(*e);
  CHECK(lost == std::vector{7});
  CHECK(all.empty());
}

TEST_CASE("clearing destroys every message, and what one of them cancels meanwhile is not there any more") {
  std::vector<int> lost;
  timed_mails all;
  std::uint64_t other = 0;
  bool was_there = true;
  all.add(std::make_unique<letter>(1, [&](int) { was_there = cancel(all, other); }), {10}, {});
  other = all.add(std::make_unique<letter>(2, [&](int n) { lost.push_back(n); }), {20}, {});
  all.add(std::make_unique<letter>(3, [&](int n) { lost.push_back(n); }), {30}, duration{5});
  all.clear();
  CHECK_FALSE(was_there);
  CHECK(lost == std::vector{2, 3});
  CHECK(all.empty());
  CHECK(all.first() == end_of_time);
  add(all, 4, 5);
  CHECK(names(all.take_due({5}, true)) == std::vector{4});
}

TEST_CASE("a small message has no envelope before it is due, and is cancelled without one") {
  timed_mails all;
  const std::uint64_t first = add_plain(all, 1, 10);
  add_plain(all, 2, 20);
  const std::uint64_t third = add_plain(all, 3, 30);
  const timed_mails::canceled c = all.cancel(first, true);
  CHECK(c.was_to_come);
  CHECK(c.mail == nullptr);
  CHECK_FALSE(cancel(all, first));
  CHECK(all.first() == instant{20});
  envelope_list due = all.take_due({20}, true);
  envelope* const second = due.pop();
  REQUIRE(second != nullptr);
  CHECK(second->timed() != 0);
  CHECK_FALSE(second->is_repeated());
  CHECK(static_cast<letter*>(second)->name == 2);
  delete second;
  all.clear();
  CHECK(all.empty());
  CHECK_FALSE(cancel(all, third));
}

struct named : envelope {
  explicit named(int n) : name(n) {}
  int name;
};
/// One of many types of small messages.
template <int Kind>
struct letter_of_kind final : named {
  letter_of_kind(std::in_place_t, int n) : named(n) {}
  std::coroutine_handle<> begin(espalier::runtime::incarnation&) override { return {}; }
  void finish() override {}
  void abandon() noexcept override {}
  espalier::type_id message_type() const noexcept override { return espalier::id_of<letter_of_kind>; }
};
struct kind_and_name {
  std::uint64_t kind;
  int name;
  std::uint64_t number;
  bool operator==(kind_and_name const& other) const { return kind == other.kind && name == other.name; }
};
/// One of each of 70 types, more than have no envelope before they are due. Answers what is to come.
std::vector<kind_and_name> add_of_each_kind(timed_mails& to, int first_name) {
  std::vector<kind_and_name> out;
  const auto add_one = [&]<int Kind>(std::integral_constant<int, Kind>) {
    const int name = first_name + Kind;
    const std::uint64_t number = to.add(as_plain<letter_of_kind<Kind>>(name), {10});
    out.push_back({espalier::id_of<letter_of_kind<Kind>>->hash, name, number});
  };
  [&]<int... Kinds>(std::integer_sequence<int, Kinds...>) {
    (add_one(std::integral_constant<int, Kinds>{}), ...);
  }
  (std::make_integer_sequence<int, 70>{});
  return out;
}
std::vector<kind_and_name> kinds_and_names(envelope_list due) {
  std::vector<kind_and_name> out;
  while (envelope* e = due.pop()) {
    out.push_back({e->message_type()->hash, static_cast<named*>(e)->name, e->timed()});
    delete e;
  }
  return out;
}

TEST_CASE("small messages of many types come as what they are") {
  timed_mails all;
  std::vector<kind_and_name> expected = add_of_each_kind(all, 0);
  for (kind_and_name const& more : add_of_each_kind(all, 100)) expected.push_back(more);
  CHECK((kinds_and_names(all.take_due({10}, true)) == expected));
  CHECK(all.empty());
  // The same places, for other types than before.
  std::vector<kind_and_name> again = add_of_each_kind(all, 200);
  for (std::size_t i = 0; i < again.size(); i += 3) {
    CHECK(cancel(all, again[i].number));
    CHECK_FALSE(cancel(all, again[i].number));
    again[i].number = 0;
  }
  std::erase_if(again, [](kind_and_name const& one) { return one.number == 0; });
  CHECK((kinds_and_names(all.take_due({10}, true)) == again));
  // What is left when the process ends.
  add_of_each_kind(all, 300);
  all.clear();
  CHECK(all.empty());
}

TEST_CASE("a message that there is no memory for when it is due comes once there is") {
  static bool has_memory = true;
  struct heavy final : envelope {
    heavy(std::in_place_t, int n) : name(n) {
      if (!has_memory) throw std::bad_alloc();
    }
    std::coroutine_handle<> begin(espalier::runtime::incarnation&) override { return {}; }
    void finish() override {}
    void abandon() noexcept override {}
    espalier::type_id message_type() const noexcept override { return espalier::id_of<heavy>; }
    int name;
  };
  const auto take = [](timed_mails& from, std::int64_t now) {
    std::vector<int> out;
    envelope_list due = from.take_due({now}, true);
    while (envelope* e = due.pop()) {
      out.push_back(static_cast<heavy*>(e)->name);
      delete e;
    }
    return out;
  };
  for (int many : {3, 40}) {  // in a list, and in a wheel
    timed_mails all;
    std::vector<int> expected;
    for (int n = 0; n != many; ++n) all.add(as_plain<heavy>(n), {10 - n % 2});
    for (int n = 1; n < many; n += 2) expected.push_back(n);
    for (int n = 0; n < many; n += 2) expected.push_back(n);
    has_memory = false;
    CHECK(take(all, 10).empty());
    CHECK(all.first() == instant{9});
    has_memory = true;
    CHECK(take(all, 11) == expected);
    CHECK(all.empty());
  }
}

TEST_CASE("messages armed, cancelled and taken in any order agree with a sorted list") {
  struct armed {
    std::int64_t due;
    int order;
    std::uint64_t number;
  };
  for (unsigned seed = 1; seed != 30; ++seed) {
    std::mt19937 draw(seed);
    timed_mails all;
    std::vector<armed> expected;
    std::int64_t now = 0;
    int names_given = 0;
    const unsigned cancels = seed % 3 == 0 ? 48 : 20;  // of 100
    const bool exactly = seed % 2 == 0;
    std::int64_t scale = 1;  // from one tick of the wheel to years
    for (unsigned i = 0; i != seed % 8; ++i) scale *= 100;
    for (int step = 0; step != 3'000; ++step) {
      const auto what = static_cast<unsigned>(draw() % 100);
      if (what < cancels && !expected.empty()) {
        const auto chosen = expected.begin() + static_cast<std::ptrdiff_t>(draw() % expected.size());
        REQUIRE(cancel(all, chosen->number, exactly));
        expected.erase(chosen);
      } else if (what < 98) {
        const std::int64_t due = now + static_cast<std::int64_t>(draw() % 500) * scale;
        const std::uint64_t number =
            draw() % 2 == 0 ? add(all, ++names_given, due) : add_plain(all, ++names_given, due);
        expected.push_back({due, names_given, number});
      } else {
        now += static_cast<std::int64_t>(draw() % 200) * scale;
        std::sort(expected.begin(), expected.end(), [](armed const& a, armed const& b) {
          return std::tie(a.due, a.order) < std::tie(b.due, b.order);
        });
        std::vector<int> due;
        while (!expected.empty() && expected.front().due <= now) {
          due.push_back(expected.front().order);
          expected.erase(expected.begin());
        }
        REQUIRE(names(all.take_due({now}, exactly)) == due);
      }
      const auto soonest = std::min_element(expected.begin(), expected.end(),
                                            [](armed const& a, armed const& b) { return a.due < b.due; });
      const instant first = soonest == expected.end() ? end_of_time : instant{soonest->due};
      REQUIRE((exactly ? all.first() == first : all.first() <= first));
      REQUIRE(all.empty() == expected.empty());
    }
  }
}

}  // namespace
