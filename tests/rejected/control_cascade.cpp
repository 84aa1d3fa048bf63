// A sentence that is said twice, with an error behind it, and in words that are not ours.
// CONTROL: 1 sentence\(s\) expected, 2 said
// CONTROL: an error that is not ours: .*nowhere
// CONTROL: a word that is not ours: .*hana
// EXPECT: espalier: a control
// EXPECT: sizeof
#ifndef TWIN
static_assert(sizeof(char) == 2, "espalier: a control");
static_assert(sizeof(char) == 3, "espalier: a control, and hana");
int after = nowhere;
#endif
