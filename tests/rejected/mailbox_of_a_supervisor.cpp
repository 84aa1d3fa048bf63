// A supervisor is given a mailbox.
// EXPECT: an option does not fit where it stands
// EXPECT: ill_formed<inner, option_does_not_fit<mailbox<5, overflow::crash>>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct inner : es::supervisor<web> {};
struct app : es::supervisor<es::child<
#ifdef TWIN
                 web
#else
                 inner
#endif
                 ,
                 es::mailbox<5, es::overflow::crash>>> {
};
template struct es::check<app>;
