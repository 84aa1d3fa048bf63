// clang-format off
#include <cassert>
#include <espalier.hpp>

struct counter {                             // a process is a plain class
  struct add { int n; using reply = int; };  // a message is a plain struct; one that names a reply is a call
  int handle(add m) {
    if (m.n == 0) throw std::invalid_argument("nothing to add");  // let it crash
    return sum += m.n;
  }
  int sum = 0;
};

struct app : espalier::supervisor<espalier::one_for_one, counter> {};  // the tree is a type

int main() {
  espalier::system<app> sys;
  assert(sys.call<counter>(counter::add{2}) == 2);
  try {
    sys.call<counter>(counter::add{0});  // ends this counter only, and its caller is told why
  } catch (espalier::call_failed const& failed) {
    assert(failed.reason() == espalier::reason::crashed);
  }
  assert(sys.call<counter>(counter::add{5}) == 5);  // the next one answers, with a clean state
}
