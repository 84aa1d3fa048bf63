// A test that fails to compile for a silly reason, not for the one it is about.
// CONTROL: no line matches: a supervisor has no children
// CONTROL: 1 sentence\(s\) expected, 0 said
// CONTROL: an error that is not ours
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<app
#ifdef TWIN
struct app {};
#else
struct app {}
#endif
