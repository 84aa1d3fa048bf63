// A dynamic supervisor has children of two types.
// EXPECT: a dynamic supervisor has one child, which is a process or a supervisor of processes
// EXPECT: ill_formed<sessions, has_not_one_process>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct session {};
struct other {};
struct sessions : es::dynamic<session
#ifndef TWIN
                              ,
                              other
#endif
                              > {
};
struct app : es::supervisor<sessions> {};
template struct es::check<app>;
