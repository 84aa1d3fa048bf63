#include <espalier.hpp>

#include <doctest/doctest.h>

namespace es = espalier;

namespace {

struct small {};
struct large {
  char state[4096] = {};
};
struct caller {
  using calls = es::processes<small>;
};
struct needy {
  using needs = es::environment<int>;
};

template <class... Parts>
inline constexpr std::size_t bytes = es::footprint<es::supervisor<Parts...>>;

TEST_CASE("the footprint of a tree is what its processes take, each with its state (SEMANTICS 28)") {
  static_assert(bytes<small> >= sizeof(es::runtime::place) + sizeof(es::runtime::life<small>));
  static_assert(bytes<large> - bytes<small> >= sizeof(large) - sizeof(small));
  static_assert(bytes<large> - bytes<small> < sizeof(large) + 64);
  static_assert(bytes<small, large> == bytes<small> + bytes<large>);
  static_assert(bytes<caller> > bytes<small>);
  static_assert(bytes<needy> == bytes<small> + sizeof(void*));
}

TEST_CASE("supervisors and children to be started have no footprint (SEMANTICS 28)") {
  static_assert(bytes<small, es::supervisor<large>> == bytes<small, large>);
  static_assert(bytes<small, es::dynamic<large>> == bytes<small>);
}

struct unknown;
struct abstract {
  virtual ~abstract() = default;
  virtual void handle(int) = 0;
};
struct throws_at_the_end {
  ~throws_at_the_end() noexcept(false) {}
};
struct misled {
  using calls = small;
  using needs = int;
};

TEST_CASE("the footprint of a bad tree compiles") {
  static_assert(bytes<> == 0);
  static_assert(bytes<unknown, abstract, throws_at_the_end, int, misled> > 0);
  static_assert(es::footprint<small> > 0);
}

TEST_CASE("a message fits into one cache line, and a process's place into two of its own") {
  CHECK(sizeof(es::runtime::envelope) <= 64);
  CHECK(sizeof(es::runtime::place) <= 128);
  CHECK(alignof(es::runtime::place) == 64);  // so that no two processes share one
}

}  // namespace
