// A start function answers something that is not its process.
// EXPECT: a start function answers its process, or a std::optional of it
// EXPECT: ill_formed<web
#include <espalier.hpp>
namespace es = espalier;

struct logs {};
struct web {};
inline
#ifdef TWIN
    web
#else
    logs
#endif
    make() {
  return {};
}
struct app : es::supervisor<es::child<web, es::start<make>>> {};
int main() { return es::run<app>(); }
