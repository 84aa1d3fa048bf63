// A name stands twice in a child of a dynamic supervisor.
// EXPECT: a name stands more than once in a child of a dynamic supervisor
// EXPECT: ill_formed<worker, which_is_ambiguous, (espalier::)?under<group>>
#include <espalier/system.hpp>
namespace es = espalier;

struct worker {};
struct other {};
struct first : es::supervisor<worker> {};
#ifdef TWIN
struct second : es::supervisor<other> {};
#else
struct second : es::supervisor<worker> {};
#endif
struct group : es::supervisor<first, second> {};
es::ref<worker> find(es::ref<group> const& g) { return g.member<worker>(); }
