// A process is looked for in a child of a dynamic supervisor that has none of that name.
// EXPECT: a name is not in a child of a dynamic supervisor; use a name that is there
// EXPECT: ill_formed<clerk, which_is_not_in_scope, (espalier::)?under<group>>
#include <espalier/system.hpp>
namespace es = espalier;

struct worker {};
struct clerk {};
struct group : es::supervisor<worker> {};
#ifdef TWIN
using sought = worker;
#else
using sought = clerk;
#endif
es::ref<sought> find(es::ref<group> const& g) { return g.member<sought>(); }
