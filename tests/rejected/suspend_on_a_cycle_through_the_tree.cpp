// A mailbox that holds up its senders stands on a cycle of three. One beside the cycle does no harm.
// EXPECT: a mailbox that suspends its senders stands on a cycle of calls and casts
// EXPECT: ill_formed<cache, suspends_senders<2>, casts<east>, which_leads_back, under<storage>>
#include <espalier/check.hpp>
namespace es = espalier;

struct logs {};
struct east;
struct cache {
  using casts = es::processes<logs, cache, east>;
};
struct web {
  using calls = es::processes<cache>;
};
struct site {
#ifdef TWIN
  using calls = es::processes<logs>;
#else
  using calls = es::processes<web>;
#endif
};
struct east : es::name_for<site> {};
using waits = es::mailbox<2, es::overflow::suspend>;
using drops = es::mailbox<2, es::overflow::drop_oldest>;
struct storage : es::supervisor<es::child<logs, waits>, es::child<cache, waits>> {};
struct app : es::supervisor<storage, es::child<web, drops>, es::child<east, drops>> {};
template struct es::check<app>;
