// Two loops (runtime.hpp), each on a thread and a core of its own, and what crosses between them.
#pragma once

#include <vector>

#include "floors.hpp"
#include "runtime.hpp"

namespace floor_of {

/// A message that crosses.
struct letter {
  actor* to;
  std::uint32_t kind;
  std::uint32_t number;
};

/// One writer, one reader. What is put is seen once it is published: `batch` at a time, or when nothing
/// comes.
class ring {
 public:
  static constexpr std::uint64_t capacity = 8'192;

  /// There is room: nobody has more under way.
  void put(letter const& l) {
    letters_[put_ % capacity] = l;
    if (++put_ % batch == 0) publish();
  }
  void publish() {
    if (published_.load(std::memory_order_relaxed) != put_)
      published_.store(put_, std::memory_order_release);  // pairs with the load in take
  }
  /// Hands all that is published to `deliver`. Answers whether there was any.
  template <class Deliver>
  bool take(Deliver deliver) {
    const std::uint64_t end = published_.load(std::memory_order_acquire);
    if (taken_ == end) return false;
    for (; taken_ != end; ++taken_) deliver(letters_[taken_ % capacity]);
    return true;
  }

 private:
  static constexpr std::uint64_t batch = 64;

  alignas(64) std::atomic<std::uint64_t> published_{0};
  alignas(64) std::uint64_t put_ = 0;
  alignas(64) std::uint64_t taken_ = 0;
  alignas(64) letter letters_[capacity];
};

/// What one thread has.
class side {
 public:
  void put(letter const& l) { out_->put(l); }
  /// One of those that are waited for has ended.
  void ends() { left_->fetch_sub(1, std::memory_order_acq_rel); }

  loop on;

 private:
  friend class two_sides;

  template <class Deliver>
  void run(Deliver deliver) {
    for (;;) {
      const bool got = in_->take([&](letter const& l) { deliver(l, on); });
      const bool ran = on.run_one();
      if (got) continue;
      out_->publish();
      if (!ran && left_->load(std::memory_order_acquire) == 0) return;
    }
  }

  ring* out_ = nullptr;
  ring* in_ = nullptr;
  std::atomic<std::size_t>* left_ = nullptr;
};

class two_sides {
 public:
  /// Both run until `ends` have ended.
  explicit two_sides(std::size_t ends) : left_(ends) {
    for (std::size_t i = 0; i != 2; ++i) {
      sides[i].out_ = &rings_[i];
      sides[i].in_ = &rings_[1 - i];
      sides[i].left_ = &left_;
    }
  }
  /// Answers how many nanoseconds it took. Throws `miscounted` if there are no two cores.
  template <class First, class Second>
  double run(First to_first, Second to_second) {
    cpu_set_t allowed;
    std::vector<std::size_t> cores;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
    for (std::size_t core = 0; core != CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &allowed)) cores.push_back(core);
    }
    if (cores.size() < 2) throw miscounted("two threads need two cores");
    const auto begin = clock_type::now();
    std::thread second = on_core(cores[1], [&] { sides[1].run(to_second); });
    std::thread first = on_core(cores[0], [&] { sides[0].run(to_first); });
    first.join();
    second.join();
    return nanoseconds(clock_type::now() - begin);
  }

  side sides[2];

 private:
  std::atomic<std::size_t> left_;
  ring rings_[2];
};

}  // namespace floor_of
