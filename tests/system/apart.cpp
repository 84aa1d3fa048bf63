#include "system/apart.hpp"

void apart_store::handle(add m) { sum += m.n; }
int apart_store::handle(total) { return sum; }

espalier::task<int> apart_client::handle(go m, espalier::context<apart_client>& self) {
  for (int i = 1; i <= m.times; ++i) self.cast<apart_store, apart_store::add>(i);
  const int sum = co_await self.call<apart_store, apart_store::total>();
  co_return sum;
}
