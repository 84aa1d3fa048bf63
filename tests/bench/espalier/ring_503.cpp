#include "ring.hpp"

measurements ring_503(options const& o) { return ring::run<503>("ring_503", o); }
