#include <doctest/doctest.h>

#include <espalier/runtime/one_taker.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace espalier;
using runtime::turn;

namespace {

/// Where letters are put, and who takes them. A worker that has had three turns becomes the owner.
class letters {
 public:
  using taking = runtime::one_taker<runtime::short_lock, runtime::std_atomics, 3>;

  turn begin(taking::name me, char what) {
    return turns_.begin(me, [&] { inbox_ += what; });
  }
  bool leave(taking::name me) {
    return turns_.leave(me, [&] { return inbox_.empty(); });
  }
  bool put(char what) {
    return turns_.put([&] { inbox_ += what; });
  }
  std::string take_all(taking::name me) {
    std::string all;
    turns_.take_all(me, [&] { all.swap(inbox_); });
    return all;
  }
  bool is_taking(taking::name me) const { return turns_.is_taking(me); }
  bool is_owner(taking::name me) const { return turns_.is_owner(me); }
  /// More turns than make an owner, also if some were disturbed.
  void become_owner(taking::name me) {
    for (int i = 0; i != 100; ++i) {
      REQUIRE(begin(me, '-') == turn::mine);
      REQUIRE(leave(me));
    }
  }

 private:
  taking turns_;
  std::string inbox_;
};

constexpr letters::taking::name first = 1;
constexpr letters::taking::name second = 2;

}  // namespace

TEST_CASE("one worker takes at a time, and what another one brings waits for that") {
  letters all;
  SUBCASE("by the lock") {}
  SUBCASE("as the owner") { all.become_owner(first); }
  CHECK(all.begin(first, 'a') == turn::mine);
  CHECK(all.is_taking(first));
  CHECK_FALSE(all.is_taking(second));
  CHECK(all.begin(second, 'b') == turn::others);
  CHECK_FALSE(all.put('c'));
  CHECK_FALSE(all.leave(first));  // so somebody is submitted
  CHECK_FALSE(all.is_taking(first));
  CHECK(all.begin(first, 'd') == turn::others);
  CHECK(all.take_all(second) == "bcd");
  CHECK(all.is_taking(second));
  CHECK(all.leave(second));
  CHECK(all.begin(first, 'e') == turn::mine);
  CHECK(all.leave(first));
}

TEST_CASE("what is put while nobody takes has somebody submitted, once") {
  letters all;
  SUBCASE("without an owner") {}
  SUBCASE("beside an owner that is not there") { all.become_owner(first); }
  CHECK(all.put('a'));
  CHECK_FALSE(all.put('b'));
  CHECK(all.begin(first, 'c') == turn::others);
  CHECK(all.take_all(first) == "abc");
  CHECK(all.leave(first));
}

TEST_CASE("another worker takes where the owner is not there") {
  letters all;
  all.become_owner(first);
  CHECK(all.begin(second, 'a') == turn::mine);
  CHECK(all.begin(first, 'b') == turn::others);
  CHECK_FALSE(all.leave(second));
  CHECK(all.take_all(first) == "b");
  CHECK(all.leave(first));
}

TEST_CASE("what a worker brings within its turn waits for the end of it") {
  for (const bool is_owner : {false, true}) {
    for (const bool others_come : {false, true}) {
      letters all;
      if (is_owner) all.become_owner(first);
      CHECK(all.begin(first, 'a') == turn::mine);
      CHECK(all.begin(first, 'b') == turn::others);
      if (others_come) {
        CHECK_FALSE(all.put('c'));
        CHECK(all.begin(first, 'd') == turn::others);
      }
      CHECK_FALSE(all.leave(first));
      CHECK(all.begin(second, 'e') == turn::others);
      CHECK(all.take_all(second) == (others_come ? "bcde" : "be"));
      CHECK(all.leave(second));
    }
  }
}

TEST_CASE("who was disturbed as the owner becomes it again, and so does another one") {
  letters all;
  all.become_owner(first);
  CHECK(all.put('a'));  // as the owner is not there
  CHECK(all.take_all(second) == "a");
  CHECK(all.leave(second));
  all.become_owner(first);
  CHECK(all.is_owner(first));
  CHECK(all.put('b'));
  CHECK(all.take_all(second) == "b");
  CHECK(all.leave(second));
  CHECK(all.begin(first, 'c') == turn::mine);  // so it comes to the lock, and others may follow it
  CHECK(all.leave(first));
  all.become_owner(second);
  CHECK(all.is_owner(second));
  CHECK(all.begin(second, 'd') == turn::mine);
  CHECK_FALSE(all.put('e'));  // as the owner is there
  CHECK_FALSE(all.leave(second));
  CHECK(all.take_all(second) == "e");
  CHECK(all.leave(second));
  all.become_owner(first);
  CHECK(all.is_owner(first));
}

TEST_CASE("threads that bring and put as they like take everything, one at a time") {
  constexpr std::uint64_t each = 2'000;
  for (int round = 0; round != 200; ++round) {
    runtime::one_taker<runtime::short_lock, runtime::std_atomics, 3> turns;
    std::uint64_t inbox = 0;  // under the lock
    std::uint64_t taken = 0;  // by the taker, like the next one
    std::uint64_t brought_within = 0;
    std::atomic<int> takers{0};
    std::atomic<int> submitted{0};
    std::atomic<bool> done{false};
    const auto leave = [&](std::uintptr_t me) {
      if (!turns.leave(me, [&] { return inbox == 0; })) ++submitted;
    };
    const auto take = [&](std::uintptr_t me, std::uint64_t n) {
      CHECK(++takers == 1);
      taken += n;
      if (taken % 64 == 63) {
        ++brought_within;
        CHECK(turns.begin(me, [&] { ++inbox; }) == turn::others);
      }
      --takers;
    };
    const auto run = [&](std::uintptr_t me) {
      if (submitted.exchange(0) == 0) return;
      std::uint64_t all = 0;
      turns.take_all(me, [&] { all = std::exchange(inbox, 0); });
      take(me, all);
      leave(me);
    };
    const auto work = [&](std::uintptr_t me) {
      for (std::uint64_t i = 0; i != each; ++i) {
        const turn t = turns.begin(me, [&] { ++inbox; });
        if (t == turn::mine) {
          take(me, 1);
          leave(me);
        }
        if (t == turn::to_submit) ++submitted;
        run(me);
      }
      while (!done) {
        run(me);
        std::this_thread::yield();
      }
    };
    std::thread a(work, first);
    std::thread b(work, second);
    for (int i = 0; i != 3; ++i) {
      if (turns.put([&] { ++inbox; })) ++submitted;
      std::this_thread::yield();
    }
    done = true;
    a.join();
    b.join();
    while (submitted != 0) run(first);
    CHECK(inbox == 0);
    CHECK(taken == 2 * each + 3 + brought_within);
  }
}
