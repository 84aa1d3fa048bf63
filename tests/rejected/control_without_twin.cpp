// A test that stands alone.
// CONTROL: it has no twin
// EXPECT: espalier: a control
// EXPECT: sizeof
static_assert(sizeof(char) == 2, "espalier: a control");
