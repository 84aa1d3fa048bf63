// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

// Memory for messages, frames and incarnations. A worker keeps what is freed on it, by size, and hands it out
// again, so that a steady state allocates nothing and touches warm memory.
//
//   1. Every block is one of the global operator new, of its size rounded up; so any thread may free any
//      block, and what has no worker to be kept by goes back there.
//   2. A worker keeps up to two batches of each size, one of which it takes from and gives to. What is more
//      goes to the depot, a batch at a time; all workers of a pool share it, and one that has none asks there
//      first. So blocks that one worker allocates and another one frees come back.
//   3. The depot is bounded: what a burst leaves behind goes back to the system.
namespace espalier::runtime {

/// A block of the global operator new. Mailboxes keep flags beside its address, so it is aligned to 16, which
/// the language promises of sizes that are multiples of 16 only.
[[gnu::noinline]] inline void* new_block(std::size_t size) {
  static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= 16);
  void* const memory = ::operator new(size);
  if (reinterpret_cast<std::uintptr_t>(memory) % 16 == 0) return memory;
  ::operator delete(memory);
  return ::operator new((size + 15) / 16 * 16);
}

/// Where workers exchange blocks. Any thread.
class block_depot {
 public:
  struct block {
    block* next;
  };
  /// Takes over `count` linked blocks of that class.
  virtual void put(std::size_t size_class, block* first, std::size_t count) noexcept = 0;
  /// Answers a chain and its length; null if there is none.
  virtual block* get(std::size_t size_class, std::size_t& count) noexcept = 0;

 protected:
  ~block_depot() = default;
};

/// The blocks that one worker keeps. Only its thread uses it.
class block_cache {
 public:
  static constexpr std::size_t classes = 32;  // up to 520 bytes
  static constexpr std::size_t batch = 64;    // that is exchanged with the depot at once

  /// By 16 bytes, from 24 on: allocators put a word of their own before each block, and align it to 16.
  static constexpr std::size_t class_of(std::size_t size) { return (size + 7) / 16 - 1; }
  static constexpr std::size_t size_of(std::size_t size_class) { return (size_class + 1) * 16 + 8; }

  explicit block_cache(block_depot& d) : depot_(d) {}
  block_cache(block_cache const&) = delete;
  block_cache& operator=(block_cache const&) = delete;
  ~block_cache() {
    for (std::size_t c = 0; c != classes; ++c) {
      if (free_[c].full != nullptr) depot_.put(c, free_[c].full, batch);
      if (free_[c].count != 0) depot_.put(c, free_[c].first, free_[c].count);
    }
  }

  void* take(std::size_t size_class) {
    list& l = free_[size_class];
    block_depot::block* const b = l.first;
    if (b == nullptr) return take_new(size_class);
    l.first = b->next;
    --l.count;
    return b;
  }
  void give(void* memory, std::size_t size_class) noexcept {
    list& l = free_[size_class];
    l.first = ::new (memory) block_depot::block{l.first};
    if (++l.count == batch) set_aside(size_class);
  }

  /// The cache of the calling thread, if it is a worker.
  static inline constinit thread_local block_cache* current = nullptr;

 private:
  struct list {
    block_depot::block* first = nullptr;
    std::size_t count = 0;
    block_depot::block* full = nullptr;  // a batch
  };

  [[gnu::noinline]] void* take_new(std::size_t size_class) {
    list& l = free_[size_class];
    if (l.full != nullptr) {
      l.first = std::exchange(l.full, nullptr);
      l.count = batch;
    } else {
      l.first = depot_.get(size_class, l.count);
    }
    return l.first == nullptr ? new_block(size_of(size_class)) : take(size_class);
  }
  [[gnu::noinline]] void set_aside(std::size_t size_class) noexcept {
    list& l = free_[size_class];
    if (l.full != nullptr) depot_.put(size_class, l.full, batch);
    l.full = std::exchange(l.first, nullptr);
    l.count = 0;
  }

  block_depot& depot_;
  list free_[classes];
};

// A sanitizer that looks for uses of freed memory has to see each block freed.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool recycles_blocks = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool recycles_blocks = false;
#else
inline constexpr bool recycles_blocks = true;
#endif
#else
inline constexpr bool recycles_blocks = true;
#endif

inline void* take_block(std::size_t size) {
  const std::size_t size_class = block_cache::class_of(size);
  if (!recycles_blocks || size_class >= block_cache::classes) return new_block(size);
  if (block_cache* const mine = block_cache::current) return mine->take(size_class);
  return new_block(block_cache::size_of(size_class));
}
inline void give_block(void* memory, std::size_t size) noexcept {
  const std::size_t size_class = block_cache::class_of(size);
  block_cache* const mine = block_cache::current;
  if (!recycles_blocks || size_class >= block_cache::classes || mine == nullptr) {
    ::operator delete(memory);
  } else {
    mine->give(memory, size_class);
  }
}

/// Derived from, it has objects allocated from blocks.
struct in_block {
  static void* operator new(std::size_t size) { return take_block(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { give_block(memory, size); }
  static void* operator new(std::size_t size, std::align_val_t a) { return ::operator new(size, a); }
  static void operator delete(void* memory, std::size_t, std::align_val_t a) noexcept {
    ::operator delete(memory, a);
  }
  static void* operator new(std::size_t, void* where) noexcept { return where; }
  static void operator delete(void*, void*) noexcept {}
};

}  // namespace espalier::runtime
