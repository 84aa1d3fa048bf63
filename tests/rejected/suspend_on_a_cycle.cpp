// Two processes send to each other, and the mailbox of one of them holds up its senders.
// EXPECT: a mailbox that suspends its senders stands on a cycle of calls and casts
// EXPECT: ill_formed<web, suspends_senders<8>, calls<logs>, which_leads_back, under<app>>
#include <espalier/check.hpp>
namespace es = espalier;

struct web;
struct logs {
  using casts = es::processes<web>;
};
struct web {
  using calls = es::processes<logs>;
};
struct app : es::supervisor<logs, es::child<web, es::mailbox<8,
#ifdef TWIN
                                                             es::overflow::drop_newest
#else
                                                             es::overflow::suspend
#endif
                                                             >>> {
};
template struct es::check<app>;
