// A test whose twin compiles only without -Werror.
// CONTROL: its twin
// EXPECT: espalier: a control
// EXPECT: sizeof
#ifdef TWIN
int app() {
  int unused;
  return 0;
}
#else
static_assert(sizeof(char) == 2, "espalier: a control");
#endif
