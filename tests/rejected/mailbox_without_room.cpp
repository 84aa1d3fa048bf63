// A mailbox has no room for a message.
// EXPECT: a mailbox has no room for a message
// EXPECT: ill_formed<web, invalid_mailbox<0>, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct web {};
struct app : es::supervisor<es::child<web, es::mailbox<
#ifdef TWIN
                                               1
#else
                                               0
#endif
                                               ,
                                               es::overflow::suspend>>> {
};
template struct es::check<app>;
