// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

namespace espalier::runtime {

/// Elements that stay where they are while more are added. They stand side by side, by eights, and are found
/// in a few steps.
template <class T>
class stable_array {
 public:
  stable_array() = default;
  stable_array(stable_array const&) = delete;
  stable_array& operator=(stable_array const&) = delete;
  ~stable_array() {
    for (std::size_t i = size_; i != 0; --i) (*this)[i - 1].~T();
  }

  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return parts_[i / part][i % part]; }
  T const& operator[](std::size_t i) const { return parts_[i / part][i % part]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == parts_.size() * part) {
      parts_.push_back(static_cast<T*>(memory_.allocate(part * sizeof(T), alignof(T))));
    }
    T* const made = ::new (static_cast<void*>(&(*this)[size_])) T(std::forward<Args>(args)...);
    ++size_;
    return *made;
  }

 private:
  static constexpr std::size_t part = 8;

  std::pmr::monotonic_buffer_resource memory_;
  std::vector<T*> parts_;
  std::size_t size_ = 0;
};

}  // namespace espalier::runtime
