// A dynamic child is started with something that cannot be kept for its restarts.
// EXPECT: an argument of a dynamic child cannot be copied
// EXPECT: ill_formed<session, is_started_with<.*unique_ptr<int.*>>, which_is_not_copyable>
#include <espalier.hpp>
namespace es = espalier;

#ifdef TWIN
using number = std::shared_ptr<int>;
#else
using number = std::unique_ptr<int>;
#endif
struct session {
  using args = es::arguments<int, number>;
  session(int, number) {}
};
struct sessions : es::dynamic<session> {};
struct app : es::supervisor<sessions> {};
int main() {
  es::system<app> sys;
  sys.start_child<sessions>(1, number());
}
