// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/record.hpp>

namespace espalier::detail {

/// The longest time that an orderly stop of the records `first` to `last` takes: the sum of the processes'
/// limits (SEMANTICS 27). The children of a dynamic supervisor are stopped at once, so their pattern counts
/// once.
constexpr duration bound_of_stop(tree_view tree, node_index first, node_index last) {
  duration sum{};
  for (node_index i = first; i != last; ++i) {
    if (!tree[i].supervisor) sum = sum + tree[i].shutdown;
  }
  return sum;
}

}  // namespace espalier::detail
