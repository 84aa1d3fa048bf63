// A start function takes the context of another process.
// EXPECT: a start function takes nothing, or the es::context of its process
// EXPECT: ill_formed<web
#include <espalier.hpp>
namespace es = espalier;

struct logs {};
struct web {};
inline web make(es::context<
#ifdef TWIN
                web
#else
                logs
#endif
                >&) {
  return {};
}
struct app : es::supervisor<es::child<web, es::start<make>>> {};
int main() { return es::run<app>(); }
