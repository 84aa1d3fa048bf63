// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/process/blocks.hpp>
#include <mutex>
#include <vector>

namespace espalier::runtime {

/// The depot of a pool. Any thread.
class depot final : public block_depot {
 public:
  depot() = default;
  depot(depot const&) = delete;
  depot& operator=(depot const&) = delete;
  ~depot() {
    for (auto& s : shelves_) {
      for (auto [first, count] : s.batches) free_all(first);
    }
  }

  void put(std::size_t size_class, block* first, std::size_t count) noexcept override {
    auto& s = shelves_[size_class];
    {
      std::lock_guard lock(s.mutex);
      if (s.batches.size() != most_batches) {
        try {
          s.batches.emplace_back(first, count);
          s.size.store(s.batches.size(), std::memory_order_relaxed);
          return;
        } catch (...) {  // no room to note it: free it
        }
      }
    }
    free_all(first);
  }

  block* get(std::size_t size_class, std::size_t& count) noexcept override {
    auto& s = shelves_[size_class];
    if (s.size.load(std::memory_order_relaxed) == 0) return nullptr;  // a hint
    std::lock_guard lock(s.mutex);
    if (s.batches.empty()) return nullptr;
    const auto [first, n] = s.batches.back();
    s.batches.pop_back();
    s.size.store(s.batches.size(), std::memory_order_relaxed);
    count = n;
    return first;
  }

 private:
  static constexpr std::size_t most_batches = 1024;

  struct shelf {
    std::mutex mutex;
    std::vector<std::pair<block*, std::size_t>> batches;
    std::atomic<std::size_t> size{0};
  };

  static void free_all(block* first) noexcept {
    while (first != nullptr) {
      block* const next = first->next;
      ::operator delete(first);
      first = next;
    }
  }

  shelf shelves_[block_cache::classes];
};

}  // namespace espalier::runtime
