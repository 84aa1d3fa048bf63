// A dynamic child has no constructor for its arguments.
// EXPECT: a process cannot be built
// EXPECT: ill_formed<session, has_no_constructor>
#include <espalier.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {
  using args = es::arguments<int>;
#ifdef TWIN
  explicit session(int) {}
#else
  explicit session(char const*) {}
#endif
};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<sessions> {};
int main() { es::system<app> sys; }
