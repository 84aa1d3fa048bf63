// A process whose handlers are compiled in another file.
#pragma once

#include <espalier.hpp>

struct apart_store {
  struct add {
    int n;
  };
  struct total {
    using reply = int;
  };
  void handle(add m);
  int handle(total);
  int sum = 0;
};

struct apart_client {
  using calls = espalier::processes<apart_store>;
  struct go {
    int times;
    using reply = int;
  };
  espalier::task<int> handle(go m, espalier::context<apart_client>& self);
};
