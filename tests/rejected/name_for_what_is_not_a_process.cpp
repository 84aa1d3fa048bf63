// A name stands for a type that is no class.
// EXPECT: a child is not a process
// EXPECT: ill_formed<primary, is_not_a_process, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct primary : es::name_for<
#ifdef TWIN
                     logs
#else
                     int
#endif
                     > {
};
struct app : es::supervisor<primary> {};
template struct es::check<app>;
