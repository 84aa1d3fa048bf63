#include <espalier/runtime/depot.hpp>

#include <doctest/doctest.h>

#include <set>
#include <thread>
#include <vector>

namespace {

using espalier::runtime::block_cache;
using espalier::runtime::depot;

std::set<void*> take(block_cache& from, int count) {
  std::set<void*> all;
  for (int i = 0; i != count; ++i) all.insert(from.take(0));
  return all;
}

TEST_CASE("what a worker frees it hands out again, the last one first") {
  depot shared;
  block_cache mine(shared);
  void* const first = mine.take(1);
  void* const second = mine.take(1);
  CHECK(first != second);
  mine.give(first, 1);
  mine.give(second, 1);
  CHECK(mine.take(1) == second);
  CHECK(mine.take(1) == first);
  mine.give(first, 1);
  mine.give(second, 1);
}

TEST_CASE("blocks that one worker takes and another one frees come back through the depot") {
  depot shared;
  block_cache sender(shared);
  block_cache receiver(shared);
  constexpr int many = 10 * static_cast<int>(block_cache::batch);
  const std::set<void*> sent = take(sender, many);
  CHECK(sent.size() == many);
  for (void* b : sent) receiver.give(b, 0);
  int known = 0;
  const std::set<void*> again = take(sender, many);
  for (void* b : again) known += static_cast<int>(sent.count(b));
  CHECK(known >= many - 2 * static_cast<int>(block_cache::batch));  // the receiver keeps a few
  for (void* b : again) sender.give(b, 0);
}

TEST_CASE("a worker that takes and gives about as much as it keeps does not go to the depot for that") {
  struct counting_depot final : espalier::runtime::block_depot {
    void put(std::size_t size_class, block* first, std::size_t count) noexcept override {
      ++visits;
      shelf.put(size_class, first, count);
    }
    block* get(std::size_t size_class, std::size_t& count) noexcept override {
      ++visits;
      return shelf.get(size_class, count);
    }
    depot shelf;
    int visits = 0;
  } shared;
  block_cache mine(shared);
  constexpr int batch = static_cast<int>(block_cache::batch);
  for (void* b : take(mine, 2 * batch)) mine.give(b, 0);
  shared.visits = 0;
  for (int size : {1, batch / 2, batch - 1, batch}) {
    for (int again = 0; again != 3; ++again) {
      for (void* b : take(mine, size)) mine.give(b, 0);
    }
  }
  CHECK(shared.visits == 0);
  for (void* b : take(mine, 3 * batch)) mine.give(b, 0);
  CHECK(shared.visits != 0);
}

TEST_CASE("a block may be freed where there is no worker, and the other way round") {
  struct message : espalier::runtime::in_block {
    int content[10] = {};
  };
  std::vector<message*> sent;
  depot shared;
  std::thread([&] {
    block_cache mine(shared);
    block_cache::current = &mine;
    for (int i = 0; i != 100; ++i) sent.push_back(new message);
    block_cache::current = nullptr;
  }).join();
  for (message* m : sent) delete m;
  sent.clear();
  for (int i = 0; i != 100; ++i) sent.push_back(new message);
  std::thread([&] {
    block_cache mine(shared);
    block_cache::current = &mine;
    for (message* m : sent) delete m;
    block_cache::current = nullptr;
  }).join();
  CHECK(std::set<message*>(sent.begin(), sent.end()).size() == 100);
}

TEST_CASE("a message that needs a greater alignment gets it") {
  struct alignas(64) wide : espalier::runtime::in_block {
    char content[64] = {};
  };
  depot shared;
  block_cache mine(shared);
  block_cache::current = &mine;
  for (int i = 0; i != 10; ++i) {
    wide* const w = new wide;
    CHECK(reinterpret_cast<std::uintptr_t>(w) % 64 == 0);
    delete w;
  }
  block_cache::current = nullptr;
}

}  // namespace
