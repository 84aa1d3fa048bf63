#include "ring.hpp"

measurements ring_100(options const& o) { return ring::run<100>("ring_100", o); }
