// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/atomics.hpp>

// The mailbox of a process, and the word that says what becomes of what is pushed. Any thread pushes; the
// consumer, the worker that has the process, takes. The word holds the newest node, which leads to the older
// ones, and four flags:
//
//   scheduled   the process is in a queue or on a worker
//   attention   something beside mail is to be looked at
//   alive       an incarnation takes what is pushed; without it, it waits for the next one (the gap)
//   parked      nobody takes anything, and nothing is pushed
//
//   1. Who pushes links the node to the newest one, and puts it into the word by one CAS. If an incarnation
//      is alive, the same CAS sets `scheduled`. Who changes that from 0 to 1 submits the process.
//   2. Who has something else to say writes it down elsewhere, under a lock, and then sets `attention` and
//      `scheduled`.
//   3. The consumer takes all nodes by one CAS, which leaves the flags. As it takes what was there, each
//      sender's nodes keep their order.
//   4. The consumer rests by a CAS that unsets `scheduled`, and expects that nothing is queued for an
//      incarnation that is alive, and that nothing asks for attention. If it fails, it goes on.
//   5. The consumer may handle the only node where it is, and take it and rest by one CAS, which expects the
//      word as it was. Nodes that are pushed meanwhile lead to it; if there are any the CAS fails, and what
//      the consumer then takes ends before that node. It is not freed before it has left the word: pushed
//      again, it would look as if nothing had come.
//   6. Who starts an incarnation may hold the process, if that is not scheduled: by the CAS that sets
//      `scheduled`. It hands it on to a worker, or brings the incarnation up itself. Then it opens the
//      mailbox and rests by one CAS, which expects that nothing waits. While the mailbox is parked, and
//      nothing else is set, nobody else has anything to say to the process, if no timer of it is armed:
//      whoever else asks for attention does so under the lock, and not of what is parked. Then nobody else
//      changes the word. So the process is its own without that, and it opens the mailbox by a store.
//   7. Who ends an incarnation may hold the process, too, if nothing waits for that: then it is the consumer.
//      A consumer may end an incarnation, and rest or park, by one CAS, which expects that nothing is queued
//      but what it has handled where it is, and that nothing asks for attention.
//   8. What a worker has sent to the process that it runs next it may put here later, all at once
//      (next_slot.hpp): between what was the newest when it began and what was pushed since. As the process
//      is scheduled, and the worker has it, nobody takes anything meanwhile.
//   9. The hand-over takes all nodes and unsets `alive` by one CAS: what was pushed before belongs to the
//      incarnation that ends, and what is pushed after waits for the next one, or is refused, if there is
//      to be none and the same CAS sets `parked`.
//
// Why nothing is overlooked: whatever the consumer has to see changes the word, either before its CAS in 4,
// which then fails, or after it; then `scheduled` is unset, and whoever made the change submits. Why at most
// one consumer is there: only one thread changes `scheduled` from 0 to 1 after each rest.
//
// Memory orders. Each change of the word but the store in 6 is an acq_rel CAS. A push releases what is in the
// node to the CAS that takes it. A rest releases what the consumer did to the CAS that sets `scheduled`
// again, and the queue hands that on to the next worker. The store releases the new incarnation to the
// pushes.
namespace espalier::runtime {

/// What became of a push.
enum class pushed : unsigned char {
  refused,  // there is nobody to wait for, or it may not wait
  queued,
  wakes  // the process is not scheduled: whoever has pushed submits it
};

/// A `Node` has a `next`, for the mailbox that it is in, and an alignment of 16.
template <class Node, class Atomics = std_atomics>
class mailbox {
 public:
  using word = std::uintptr_t;

  // --- any thread

  [[gnu::always_inline]] pushed push(Node& n, bool may_wait) {
    word w = word_.load(Atomics::relaxed);
    for (;;) {
      if ((w & parked) != 0 || ((w & alive) == 0 && !may_wait)) return pushed::refused;
      if (put(n, w, (w & alive) != 0 ? scheduled : 0)) return result(w, (w & alive) != 0);
    }
  }
  /// Puts a chain between what was there when the word was `then` and what was pushed since: `newest` leads
  /// to the former. The process was scheduled then, and its consumer, the caller, has taken nothing since.
  void insert(word then, Node& newest) {
    word w = word_.load(Atomics::acquire);  // pairs with the pushes since
    while (node(w) == node(then)) {
      if (word_.compare_exchange_weak(w, reinterpret_cast<word>(&newest) | (w & flags), Atomics::acq_rel,
                                      Atomics::acquire)) {
        return;
      }
    }
    Node* oldest = node(w);
    while (oldest->next != node(then)) oldest = oldest->next;
    oldest->next = &newest;
  }
  /// For the process and not for one incarnation of it: an answer. It has the consumer look in any case.
  pushed push_private(Node& n) {
    word w = word_.load(Atomics::relaxed);
    for (;;) {
      if ((w & parked) != 0) return pushed::refused;
      if (put(n, w, (w & alive) != 0 ? scheduled : scheduled | attention)) return result(w, true);
    }
  }
  /// Has the consumer look, and if so asked be there again. Answers whether the caller is to submit the
  /// process.
  [[nodiscard]] bool attend(bool unparks = false) {
    const word drops = unparks ? parked : 0;
    word w = word_.load(Atomics::relaxed);
    while (!word_.compare_exchange_weak(w, (w & ~drops) | scheduled | attention, Atomics::acq_rel,
                                        Atomics::relaxed)) {
    }
    return (w & scheduled) == 0;
  }
  /// The caller becomes the consumer, if there is none; then the mailbox is not parked any more.
  [[nodiscard]] bool hold() {
    word w = word_.load(Atomics::relaxed);
    do {
      if ((w & scheduled) != 0) return false;
    } while (
        !word_.compare_exchange_weak(w, (w & ~word{parked}) | scheduled, Atomics::acq_rel, Atomics::relaxed));
    return true;
  }
  /// The caller becomes the consumer, if an incarnation is alive and has nothing to do.
  [[nodiscard]] bool hold_at_rest() {
    word w = alive;
    return word_.compare_exchange_strong(w, alive | scheduled, Atomics::acq_rel, Atomics::relaxed);
  }
  word state() const { return word_.load(Atomics::relaxed); }
  /// Whether the process is scheduled for an incarnation that is alive, and for nothing but its mail.
  static bool is_about_to_run(word w) { return (w & flags) == (scheduled | alive); }
  static Node* newest(word w) { return node(w); }
  // What a start wrote before it held the process is seen by who finds that mailbox not parked, or alive.
  bool is_parked() const { return (word_.load(Atomics::acquire) & parked) != 0; }
  bool is_alive() const { return (word_.load(Atomics::acquire) & alive) != 0; }

  // --- the consumer

  bool has_attention() const { return (word_.load(Atomics::relaxed) & attention) != 0; }
  /// Before what is to be looked at is looked at.
  void attended() { word_.fetch_and(~word{attention}, Atomics::acq_rel); }

  /// All nodes, the newest first.
  Node* take() {
    word w = word_.load(Atomics::relaxed);
    if ((w & pointer) == 0) return nullptr;
    while (!word_.compare_exchange_weak(w, w & flags, Atomics::acq_rel, Atomics::relaxed)) {
    }
    return node(w);
  }
  /// The node that is queued alone for an incarnation that is alive, with nothing else to look at; it stays
  /// queued. Null if there is no such.
  Node* only() const {
    const word w = word_.load(Atomics::acquire);  // pairs with the push
    Node* const n = node(w);
    return (w & flags) == (scheduled | alive) && n != nullptr && n->next == nullptr ? n : nullptr;
  }
  /// The same as a `take` and a `rest`, if it still is the only one. If not, nothing is done: what `take`
  /// answers ends before it.
  [[nodiscard]] bool rest_behind(Node& only) {
    word w = reinterpret_cast<word>(&only) | scheduled | alive;
    return word_.compare_exchange_strong(w, alive, Atomics::acq_rel, Atomics::relaxed);
  }
  /// Answers whether the consumer has nothing more to do; then it is none any more.
  [[nodiscard]] bool rest() {
    word w = word_.load(Atomics::relaxed);
    for (;;) {
      if ((w & attention) != 0 || ((w & alive) != 0 && (w & pointer) != 0)) return false;
      if (word_.compare_exchange_weak(w, w & ~word{scheduled}, Atomics::acq_rel, Atomics::relaxed))
        return true;
    }
  }
  /// An incarnation takes what waits.
  void open() { word_.fetch_or(alive, Atomics::acq_rel); }
  /// The same, and a `rest`, unless there is something to do.
  [[nodiscard]] bool open_and_rest() {
    word w = word_.load(Atomics::relaxed);
    for (;;) {
      const bool rests = (w & attention) == 0 && (w & pointer) == 0;
      if (word_.compare_exchange_weak(w, rests ? alive : w | alive, Atomics::acq_rel, Atomics::relaxed))
        return rests;
    }
  }
  /// Ends the incarnation and rests, or parks, if nothing is queued but `only`, or nothing if that is null,
  /// and there is nothing else to look at. If not, nothing is done.
  [[nodiscard]] bool close_and_rest(Node* only, bool parks) {
    word w = reinterpret_cast<word>(only) | scheduled | alive;
    return word_.compare_exchange_strong(w, parks ? parked : 0, Atomics::acq_rel, Atomics::relaxed);
  }
  /// Ends the incarnation: all that was pushed to it, the newest first.
  Node* close() {
    word w = word_.load(Atomics::relaxed);
    while (!word_.compare_exchange_weak(w, w & flags & ~word{alive}, Atomics::acq_rel, Atomics::relaxed)) {
    }
    return node(w);
  }

  // --- who owns the process while there is no incarnation

  /// From now on pushes are refused. Answers all that waited, the newest first.
  Node* park() {
    word w = word_.load(Atomics::relaxed);
    while (!word_.compare_exchange_weak(w, (w & flags & ~word{alive}) | parked, Atomics::acq_rel,
                                        Atomics::relaxed)) {
    }
    return node(w);
  }
  void unpark() { word_.fetch_and(~word{parked}, Atomics::acq_rel); }
  /// Whether it is parked, and nobody has the process.
  bool is_only_parked() const { return word_.load(Atomics::acquire) == parked; }  // pairs with a rest
  /// An incarnation takes what is pushed from now on. It was only parked (6).
  void open_parked() { word_.store(alive, Atomics::release); }  // to the pushes
  /// The consumer is gone, and does not come back.
  void abandon() { word_.fetch_and(~word{scheduled}, Atomics::acq_rel); }

  bool is_empty() const { return (word_.load(Atomics::relaxed) & pointer) == 0; }

 private:
  static constexpr word scheduled = 1;
  static constexpr word attention = 2;
  static constexpr word alive = 4;
  static constexpr word parked = 8;
  static constexpr word flags = 15;
  static constexpr word pointer = ~flags;

  static Node* node(word w) { return reinterpret_cast<Node*>(w & pointer); }
  bool put(Node& n, word& w, word sets) {
    n.next = node(w);
    return word_.compare_exchange_weak(w, reinterpret_cast<word>(&n) | (w & flags) | sets, Atomics::acq_rel,
                                       Atomics::relaxed);
  }
  static pushed result(word before, bool sets) {
    return sets && (before & scheduled) == 0 ? pushed::wakes : pushed::queued;
  }

  typename Atomics::template atomic<word> word_{0};
};

}  // namespace espalier::runtime
