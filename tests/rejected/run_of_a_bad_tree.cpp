// A bad tree is run as a program, and checked before: its mistake is said once.
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<app, has_no_children>
#include <espalier.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<
#ifdef TWIN
                 logs
#endif
                 > {
};
template struct es::check<app>;

int main() { return es::run<app>(); }
