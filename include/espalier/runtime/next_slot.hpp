// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/envelope.hpp>
#include <espalier/runtime/mailbox.hpp>
#include <espalier/runtime/scheduler.hpp>
#include <mutex>

// What a worker runs next: the process that the running one has just woken, whose message is still in the
// cache. Only the owner puts and takes, with plain loads and stores. If it runs something long, somebody else
// may clear the slot out; that one pays.
//
//   1. The owner takes by storing null, and then looks whether there were claims since it looked last.
//   2. Who clears out does so under a lock: it counts its claim, and then loads the slot. What it finds is
//      its own.
//   3. An owner that finds a claim waits for that lock, and then asks whether what it took was cleared out.
//   4. An owner that puts into a full slot takes first. So while somebody clears out, the owner stores
//      nothing but null without the lock, and who clears out may store null, too.
//
// Why nothing is taken twice: at least one side sees what the other has stored (atomics.hpp). If the owner
// saw no claim, who clears out loads null. Claims are counted, and not taken back, because the owner may look
// late.
//
// Messages in a row. What the owner sends to the process in the slot need not be in its mailbox before the
// process leaves the slot. So these messages wait here, as a chain that leads to what was the newest in the
// mailbox when it began, and go there all at once.
//   5. The owner adds one by storing it, and then looks for claims, as in 1. If there are any, it asks if the
//      slot was cleared out, and if that one was found then; if not, it goes into the mailbox by itself.
//   6. Who takes the process, or clears it out, first puts the chain into the mailbox, between what was there
//      when it began and what was pushed since. Nobody else takes anything from that mailbox meanwhile.
//   7. None is added once something was pushed: it may come from the same sender, which was elsewhere then.
namespace espalier::runtime {

/// Whether a message waits beside the mailbox. `perhaps`: there were claims since the owner looked last.
enum class in_row : unsigned char { no, yes, perhaps };

template <class T, class Node, class Mutex, class Atomics = std_atomics>
class next_slot {
 public:
  using mail = mailbox<Node, Atomics>;

  // --- the owner

  /// Answers what stood there before, or null.
  T* put(T& what) {
    T* const before = take();
    cleared_ = nullptr;                    // the slot is empty, so nobody else touches that
    slot_.store(&what, Atomics::release);  // to who clears out
    return before;
  }
  [[gnu::always_inline]] T* take() {
    T* const what = slot_.load(Atomics::acquire);  // from who cleared out, for `cleared_`
    return what == nullptr ? nullptr : take_out(what);
  }
  /// Has `n`, which is for the mailbox of `what`, wait here until `what` leaves the slot. If it does not, it
  /// is the caller's to push.
  [[gnu::always_inline]] in_row keep(T const& what, mail& box, Node& n) {
    if (slot_.load(Atomics::relaxed) != &what) return in_row::no;  // it may have been cleared out by now, too
    const auto state = box.state();
    Node* newest = newest_.load(Atomics::acquire);  // from who cleared out, for the next ones
    if (newest == nullptr) {
      if (!mail::is_about_to_run(state)) return in_row::no;
      newest = mail::newest(state);
      begun_at_ = state;
      box_ = &box;
    } else if (state != begun_at_) {
      return in_row::no;
    }
    n.next = newest;
    newest_.store(&n, Atomics::release);  // to who clears out
    return Atomics::check(claims_) == seen_ ? in_row::yes : in_row::perhaps;
  }
  /// Whether `n` was kept: asked once, right after `keep` has answered `perhaps`.
  [[gnu::noinline]] bool was_kept(T const& what, Node const& n) {
    if (!is_lost(what)) return true;
    newest_.store(nullptr, Atomics::relaxed);
    return delivered_ == &n;
  }

  // --- anybody

  bool is_empty() const { return slot_.load(Atomics::relaxed) == nullptr; }
  /// Null if there is nothing.
  T* clear_out() {
    mutex_.lock();
    Atomics::announce_add(claims_, std::uint32_t{1});
    T* const what = slot_.load(Atomics::acquire);
    if (what != nullptr) {
      cleared_ = what;
      delivered_ = newest_.load(Atomics::acquire);
      if (delivered_ != nullptr) deliver(*delivered_);
      slot_.store(nullptr, Atomics::release);
    }
    mutex_.unlock();
    return what;
  }

  /// That of the calling thread, if it is a worker.
  static inline constinit thread_local next_slot* mine = nullptr;

 private:
  [[gnu::always_inline]] T* take_out(T* what) {
    slot_.store(nullptr, Atomics::relaxed);
    if (Atomics::check(claims_) != seen_ && is_lost(*what)) return nullptr;
    if (Node* const newest = newest_.load(Atomics::relaxed)) deliver(*newest);
    return what;
  }
  [[gnu::noinline]] void deliver(Node& newest) {
    box_->insert(begun_at_, newest);
    newest_.store(nullptr, Atomics::release);  // to the owner, which may begin anew
  }
  [[gnu::noinline]] bool is_lost(T const& what) {
    mutex_.lock();
    seen_ = claims_.load(Atomics::relaxed);
    const bool lost = cleared_ == &what;
    mutex_.unlock();
    return lost;
  }

  typename Atomics::template atomic<T*> slot_{nullptr};
  typename Atomics::template atomic<Node*> newest_{nullptr};  // that waits here
  typename Atomics::template atomic<std::uint32_t> claims_{0};
  std::uint32_t seen_ = 0;  // touched by the owner
  mail* box_ = nullptr;     // where what waits here belongs; written by the owner while there is nothing
  typename mail::word begun_at_ = 0;  // the same
  Mutex mutex_;
  T* cleared_ = nullptr;       // what the owner may believe to have taken
  Node* delivered_ = nullptr;  // the newest of what was delivered with that
};

using worker_slot = next_slot<runnable, envelope, std::mutex>;

}  // namespace espalier::runtime
