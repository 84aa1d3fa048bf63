// A program calls and casts to a process that is not in the tree: one mistake.
// EXPECT: a name is not in the tree
// EXPECT: ill_formed<web, which_is_not_in_scope, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct get {
    using reply = int;
    struct put {};
    void handle(put) {}
  };
  int handle(get) { return 0; }
  struct put {};
  void handle(put) {}
};
struct logs {};
struct app : es::supervisor<
#ifdef TWIN
                 web,
#endif
                 logs> {
};
int main() {
  es::system<app> sys;
  sys.cast<web>(web::put{});
  return sys.call<web>(web::get{});
}
