// A start function takes something that nobody passes.
// EXPECT: a start function takes nothing, or the es::context of its process
// EXPECT: ill_formed<web
#include <espalier.hpp>
namespace es = espalier;

struct web {};
inline web make(
#ifndef TWIN
    int
#endif
) {
  return {};
}
struct app : es::supervisor<es::child<web, es::start<make>>> {};
int main() { return es::run<app>(); }
