// Processes for tests: they do what they are told.
#pragma once

#include <espalier.hpp>

#include <stdexcept>

template <class Self>
struct scripted {
  struct ping {
    using reply = std::uint64_t;
  };                // answers its incarnation
  struct crash {};  // throws
  struct fail {
    using reply = int;
  };  // throws in a call
  struct finish {
    espalier::reason why = espalier::reason::normal;
  };  // ends by itself
  struct nap {
    espalier::duration how_long;
    using reply = int;
  };  // answers 1 after a while

  std::uint64_t handle(ping, espalier::context<Self>& self) { return self.incarnation(); }
  void handle(crash) { throw std::runtime_error("told to"); }
  int handle(fail) { throw std::runtime_error("told to"); }
  void handle(finish m, espalier::context<Self>& self) { self.stop(m.why); }
  espalier::task<int> handle(nap m, espalier::context<Self>& self) {
    co_await self.sleep(m.how_long);
    co_return 1;
  }
};
