// What the floors share. Each answers the same measurements as the row of the same name of ours.
#pragma once

#include <atomic>

#include "../measurement.hpp"

measurements big_on_two(std::uint64_t count);
measurements create_on_two(std::uint64_t count);
measurements wake_outside(std::uint64_t count);
measurements limits(std::uint64_t count);
