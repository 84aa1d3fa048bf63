// A dynamic supervisor has children without a process, by which they could be reached.
// EXPECT: a dynamic supervisor has one child, which is a process or a supervisor of processes
// EXPECT: ill_formed<groups, has_not_one_process>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct clerk {};
struct sessions : es::dynamic<session> {};
struct group : es::supervisor<sessions
#ifdef TWIN
                              ,
                              clerk
#endif
                              > {
};
struct groups : es::dynamic<group> {};
struct app : es::supervisor<groups> {};
template struct es::check<app>;
