// A process is looked for in a dynamic child that is a process itself.
// EXPECT: a process is looked for in a child that is a process itself; send to its ref
// EXPECT: ill_formed<worker, is_not_a_supervisor>
#include <espalier/system.hpp>
namespace es = espalier;

struct worker {};
struct group : es::supervisor<worker> {};
#ifdef TWIN
using child = group;
#else
using child = worker;
#endif
es::ref<worker> find(es::ref<child> const& c) { return c.member<worker>(); }
