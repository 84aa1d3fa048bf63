// How fast the simulation is: messages a second, and a crash everywhere in a scenario of 10 processes and 100
// messages. Fails below the targets: 1 M messages a second, 2 s.
#include <chrono>
#include <cstdio>
#include <espalier/testing.hpp>

namespace es = espalier;
using namespace es::literals;

namespace {

double seconds(auto work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
double median_of_7(auto work) {
  double all[7];
  for (double& s : all) s = seconds(work);
  std::sort(std::begin(all), std::end(all));
  return all[3];
}

struct counter {
  struct add {
    int n;
  };
  struct sum {
    using reply = long;
  };
  void handle(add m) { total += m.n; }
  long handle(sum) { return total; }
  long total = 0;
};
struct player {
  using calls = es::processes<counter>;
  struct cast_on {
    int left;
  };
  struct call_on {
    int left;
  };
  void handle(cast_on m, es::context<player>& self) {
    self.cast<counter, counter::add>(1);
    if (m.left > 1) self.cast<player, cast_on>(m.left - 1);
  }
  es::task<void> handle(call_on m, es::context<player>& self) {
    for (int i = 0; i != m.left; ++i) co_await self.call<counter, counter::sum>();
  }
};
struct game : es::supervisor<counter, player> {};

constexpr int rounds = 500'000;

void casts() {
  es::simulation<game> sim;
  sim.cast<player>(player::cast_on{rounds});
  sim.run_until_idle();
  if (sim.call<counter>(counter::sum{}) != rounds) std::abort();
}
void calls() {
  es::simulation<game> sim;
  sim.cast<player>(player::call_on{rounds});
  sim.run_until_idle();
}

/// Nine relays that pass a number on to the counter, by calls.
template <int N>
struct relay {
  using next = std::conditional_t<N == 1, counter, relay<(N > 1 ? N - 1 : 1)>>;
  using calls = es::processes<next>;
  struct pass {
    int n;
    using reply = int;
  };
  es::task<int> handle(pass m, es::context<relay>& self) {
    if constexpr (N == 1) {
      self.template cast<counter, counter::add>(m.n);
      co_return m.n;
    } else {
      auto got = co_await self.template try_call<next, typename next::pass>(m.n);
      co_return got ? *got : 0;
    }
  }
};
struct lower : es::supervisor<es::rest_for_one, es::intensity<3, 5_s>, counter, relay<1>, relay<2>, relay<3>,
                              relay<4>> {};
struct upper : es::supervisor<es::one_for_one, es::intensity<3, 5_s>, relay<5>, relay<6>, relay<7>, relay<8>,
                              relay<9>> {};
struct chain : es::supervisor<lower, upper> {};

}  // namespace

int main() {
  // A round of casts is two messages, a round of calls a request and its answer.
  const double cast_rate = 2 * rounds / median_of_7(casts) / 1e6;
  const double call_rate = 2 * rounds / median_of_7(calls) / 1e6;
  std::printf("casts: %.2f M messages a second\ncalls: %.2f M messages a second\n", cast_rate, call_rate);

  std::size_t tried = 0;
  const double everywhere = median_of_7([&] {
    const auto report = es::crash_everywhere<chain>([](es::simulation<chain>& sim) {
      for (int i = 0; i != 10; ++i) sim.cast<relay<9>>(relay<9>::pass{1});
      sim.run_for(30_s);
    });
    if (!report) std::puts(report.to_string().c_str());
    tried = report.tried();
  });
  std::printf("crash everywhere: 10 processes, 100 messages, %zu crash points in %.3f s\n", tried,
              everywhere);
  return cast_rate >= 1 && call_rate >= 1 && everywhere < 2 ? 0 : 1;
}
