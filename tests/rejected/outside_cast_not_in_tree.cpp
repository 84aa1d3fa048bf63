// A program casts to a process that stands in the tree under another name.
// EXPECT: a name is not in the tree
// EXPECT: ill_formed<web, which_is_not_in_scope, under<app>>
#include <espalier.hpp>
namespace es = espalier;

struct web {
  struct put {};
  void handle(put) {}
};
struct front : es::name_for<web> {};
struct app : es::supervisor<front> {};
int main() {
  es::system<app> sys;
  sys.cast<
#ifdef TWIN
      front
#else
      web
#endif
      >(web::put{});
}
