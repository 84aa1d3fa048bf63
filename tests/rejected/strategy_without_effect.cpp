// A supervisor has a strategy for siblings, and a single child.
// EXPECT: a strategy has no effect, because the supervisor has a single child
// EXPECT: ill_formed<app, rest_for_one, strategy_without_effect>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct app : es::supervisor<es::rest_for_one,
#ifdef TWIN
                            es::allow<es::strategy_without_effect>,
#endif
                            logs> {
};
template struct es::check<app>;
