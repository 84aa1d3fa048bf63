// Two mistakes in one tree are two sentences.
// EXPECT: an intensity is negative
// EXPECT: ill_formed<storage, invalid_intensity<-3>>
// EXPECT: two children of one supervisor have the same name
// EXPECT: ill_formed<duplicate_child_name<logs>, under<app>>
// SENTENCES: 2
#include <espalier/check.hpp>
namespace es = espalier;
using namespace es::literals;

struct database {};
struct logs {};
struct trace : es::name_for<logs> {};
#ifdef TWIN
struct storage : es::supervisor<es::intensity<3, 5_s>, database> {};
struct app : es::supervisor<logs, storage, trace> {};
#else
struct storage : es::supervisor<es::intensity<-3, 5_s>, database> {};
struct app : es::supervisor<logs, storage, logs> {};
#endif
template struct es::check<app>;
