// A sentence in too many lines.
// CONTROL: lines for 1 sentence\(s\), at most 25
// EXPECT: espalier: a control
// EXPECT: sizeof
#ifndef TWIN
static_assert(sizeof(char) == 2, "espalier: a control");
template <int N>
struct other {};
void f(other<0>);
void f(other<1>);
void f(other<2>);
void f(other<3>);
void f(other<4>);
void f(other<5>);
int after = f(0);
#endif
