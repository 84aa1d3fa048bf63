// A test whose twin does not compile either.
// CONTROL: ^its twin does not compile$
// EXPECT: espalier: a control
// EXPECT: sizeof
#ifdef TWIN
struct app {}
#else
static_assert(sizeof(char) == 2, "espalier: a control");
#endif
