// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace espalier::runtime {

/// Has the kernel provide the pages of new memory that is about to be used, all at once: one by one, as they
/// are touched first, they cost more than what is done with them. Where it does not know how, nothing
/// happens.
inline void populate([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) noexcept {
#if defined(MADV_POPULATE_WRITE)
  constexpr std::uintptr_t page = 4'096;  // or more; then it answers that this is no page, and does nothing
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + size) / page * page;
  if (begin >= end) return;
  const int before = errno;
  static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE));
  errno = before;  // the caller's
#endif
}

}  // namespace espalier::runtime
