// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

namespace espalier::detail {

/// Stands in for a value after a mistake that has been said: it fits everywhere, so that one mistake stays
/// one error.
struct after_mistake {
  template <class T>
  operator T() const;
  after_mistake operator*() const;
  after_mistake const* operator->() const;
  explicit operator bool() const;
  after_mistake value() const;
  after_mistake reason() const;
  friend after_mistake operator+(after_mistake, after_mistake);
};

}  // namespace espalier::detail
