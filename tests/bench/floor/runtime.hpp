// The least that a runtime of this kind has to do, on one core: what the floors are measured on.
//
//   mailbox     intrusive, many senders: a sender exchanges the newest message and links the one before to it
//   scheduling  an actor is in the run queue at most once; a sender that finds it idle swaps its word and
//   queues it messages    from a list of free ones
//
// The mailbox and the schedule word are atomic, as between threads. The run queue and the free list are not,
// and nothing is stolen, supervised, bounded or timed out: a floor for cost, not a rival.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace floor_of {

class actor;
class loop;

struct message {
  std::atomic<message*> next{nullptr};
  actor* from = nullptr;
  std::uint64_t kind = 0;
  std::uint64_t number = 0;
};

class actor {
 public:
  actor() : newest_(&stub_), oldest_(&stub_) {}
  actor(actor const&) = delete;
  virtual ~actor() = default;
  virtual void handle(message& m, loop& on) = 0;
  /// It threw while it handled that message.
  virtual void crashed(message&, loop&) {}
  /// Destroys it, where it is made at run time.
  virtual void destroy() {}

 private:
  friend class loop;

  /// Answers whether the actor has to be queued.
  bool push(message& m) {
    link(m);
    bool idle = false;
    return !scheduled_.load(std::memory_order_seq_cst) &&
           scheduled_.compare_exchange_strong(idle, true, std::memory_order_seq_cst);
  }
  void link(message& m) {
    m.next.store(nullptr, std::memory_order_relaxed);
    message* const before = newest_.exchange(&m, std::memory_order_acq_rel);
    before->next.store(&m, std::memory_order_release);  // pairs with the loads in pop
  }
  message* pop() {
    message* first = oldest_;
    message* next = first->next.load(std::memory_order_acquire);
    if (first == &stub_) {
      if (next == nullptr) return nullptr;
      oldest_ = first = next;
      next = first->next.load(std::memory_order_acquire);
    }
    if (next == nullptr) {
      if (first != newest_.load(std::memory_order_acquire)) return nullptr;  // a sender is between its steps
      link(stub_);
      next = first->next.load(std::memory_order_acquire);
      if (next == nullptr) return nullptr;
    }
    oldest_ = next;
    return first;
  }
  bool is_empty() const {
    return oldest_ == &stub_ && stub_.next.load(std::memory_order_acquire) == nullptr &&
           newest_.load(std::memory_order_seq_cst) == &stub_;
  }

  std::atomic<message*> newest_;
  message* oldest_;
  message stub_;
  std::atomic<bool> scheduled_{false};
  actor* next_in_queue_ = nullptr;
};

/// Runs actors on the calling thread, until none has anything to do.
class loop {
 public:
  void send(actor& to, std::uint64_t kind, std::uint64_t number, actor* from = nullptr) {
    message* const m = take();
    m->kind = kind;
    m->number = number;
    m->from = from;
    if (&to == running_) ends_turn_ = true;
    if (to.push(*m)) enqueue(to);
  }

  void run() {
    while (run_one()) {
    }
  }
  /// The turn of one actor. Answers false if none has anything to do.
  bool run_one() {
    actor* const a = first_;
    if (a == nullptr) return false;
    first_ = a->next_in_queue_;
    if (first_ == nullptr) last_ = nullptr;
    turn(*a);
    return true;
  }

  /// The actor that is running is destroyed after its message.
  void end(actor& a) { ending_ = &a; }

  loop() = default;
  loop(loop const&) = delete;
  ~loop() {
    while (free_ != nullptr) {
      message* const m = free_;
      free_ = m->next.load(std::memory_order_relaxed);
      delete m;
    }
  }

 private:
  // More than any row sends in a turn: where a receiver does less at a time, its mailbox grows without end,
  // and what is measured is fresh memory.
  static constexpr int batch = 10'000;

  /// What the actor sends to itself waits for its next turn, or it would never let its receivers run.
  void turn(actor& a) {
    running_ = &a;
    ends_turn_ = false;
    for (int i = 0; i != batch; ++i) {
      message* const m = a.pop();
      if (m == nullptr) {
        a.scheduled_.store(false, std::memory_order_seq_cst);
        bool idle = false;
        if (!a.is_empty() && a.scheduled_.compare_exchange_strong(idle, true)) enqueue(a);
        return;
      }
      try {
        a.handle(*m, *this);
      } catch (...) {
        a.crashed(*m, *this);
      }
      give_back(*m);
      if (ending_ == &a) {
        ending_ = nullptr;
        a.destroy();
        return;
      }
      if (ends_turn_) break;
    }
    enqueue(a);
  }
  void enqueue(actor& a) {
    a.next_in_queue_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_in_queue_) = &a;
    last_ = &a;
  }
  message* take() {
    if (free_ == nullptr) return new message;
    message* const m = free_;
    free_ = m->next.load(std::memory_order_relaxed);
    return m;
  }
  void give_back(message& m) {
    m.next.store(free_, std::memory_order_relaxed);
    free_ = &m;
  }

  actor* first_ = nullptr;
  actor* last_ = nullptr;
  actor* ending_ = nullptr;
  actor* running_ = nullptr;
  bool ends_turn_ = false;
  message* free_ = nullptr;
};

/// Counts what it is sent, and adds it up.
struct collector final : actor {
  void handle(message& m, loop&) override {
    ++messages;
    sum += m.number;
  }
  std::uint64_t messages = 0;
  std::uint64_t sum = 0;
};

}  // namespace floor_of
