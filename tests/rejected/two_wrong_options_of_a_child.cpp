// A child has two options that are not known: two mistakes.
// EXPECT: an option is not known
// EXPECT: ill_formed<logs, unknown_option<eternal>, under<app>>
// EXPECT: ill_formed<logs, unknown_option<patient>, under<app>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;

struct eternal {};
struct patient {};
struct logs {};
struct app : es::supervisor<es::child<logs,
#ifdef TWIN
                                      es::transient, es::significant
#else
                                      eternal, patient
#endif
                                      >,
                            es::auto_shutdown_any> {
};
template struct es::check<app>;
