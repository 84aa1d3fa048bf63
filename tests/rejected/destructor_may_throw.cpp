// The destructor of a process may throw.
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
struct app : es::supervisor<web> {};
int main() { return es::run<app>(); }
