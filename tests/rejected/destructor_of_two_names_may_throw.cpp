// The destructor of a process with two names may throw: one mistake.
// EXPECT: the destructor of a process may throw, which would end the program
// EXPECT: ill_formed<web
#include <espalier.hpp>
namespace es = espalier;

struct web {
  ~web()
#ifndef TWIN
      noexcept(false)
#endif
  {
  }
};
struct second : es::name_for<web> {};
struct app : es::supervisor<web, second> {};
int main() { return es::run<app>(); }
