// A wrong program that compiles.
// CONTROL: ^it compiles$
// EXPECT: a supervisor has no children
// EXPECT: ill_formed<app
#ifdef TWIN
struct app {};
#else
struct tree {};
#endif
