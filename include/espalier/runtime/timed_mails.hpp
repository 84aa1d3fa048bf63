// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <espalier/plan/window.hpp>
#include <espalier/process/envelope.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace espalier::runtime {

/// The messages that one incarnation has sent itself for later, those due first before the others, and equal
/// ones in order of arming. Touched only by who has the process, so nothing is locked.
///
/// Each has a place here, and a number: of the place, and how many there have been. So a number of one that
/// is gone means nothing, also when its place is used again. The places form a pairing heap: of each the
/// first child, and the next and the one before among its siblings, the first of which has its parent there.
/// So arming takes a few steps. So does canceling: what has children, or comes first, stays in the heap
/// without its message until its time, or until there are many of these.
class timed_mails {
 public:
  timed_mails() = default;
  timed_mails(timed_mails const&) = delete;
  timed_mails& operator=(timed_mails const&) = delete;
  ~timed_mails() { clear(); }

  /// Arms a message, repeated unless `period` is zero. Answers a number to cancel it by.
  std::uint64_t add(std::unique_ptr<envelope> mail, instant due, duration period) {
    link const at = free_ != none ? free_ : added();
    entry& e = (*this)[at];
    free_ = e.next;
    ++size_;
    const std::uint64_t number = (++numbers_ << link_bits) + at;
    mail->set_timed(number, period != duration{});
    e.mail = mail.release();
    e.period = period;
    arm(e, at, due);
    return number;
  }

  /// Answers whether it was still to come.
  bool cancel(std::uint64_t number) {
    entry* const e = find(number);
    if (e == nullptr) return false;
    if (e->before == apart) return std::exchange(e->period, duration{}) != duration{};  // `finish` frees it
    const auto at = static_cast<link>(number);
    envelope* const mail = std::exchange(e->mail, nullptr);
    --size_;
    if (at == first_ || e->child != none) {
      if (++canceled_ > std::max<std::size_t>(size_, count_ / 8) + 32) forget_canceled();
    } else {
      remove(*e, at);
      give_up(*e, at);
    }
    free(mail);
    return true;
  }
  /// Has `first` be exact, although the first one was canceled.
  void forget_canceled_first() {
    while (first_ != none && (*this)[first_].mail == nullptr) take_canceled_first();
  }

  /// When the first one is due, or before that, if one was canceled; `end_of_time` if there is none.
  instant first() const { return first_ == none ? end_of_time : (*this)[first_].due; }
  /// Takes out what is due by `now`. Those that are repeated go on being owned here.
  envelope_list take_due(instant now) {
    envelope_list out;
    while (first_ != none) {
      link const at = first_;
      entry& e = (*this)[at];
      if (e.due > now) break;
      if (e.mail == nullptr) {
        take_canceled_first();
        continue;
      }
      remove(e, at);
      e.before = apart;
      out.push(*e.mail);
      if (!e.mail->is_repeated()) release(e, at);
    }
    return out;
  }

  /// Arms a repeated message again that has been handled, or frees it if it was canceled.
  void finish(envelope const& handled, instant now) {
    link const at = static_cast<link>(handled.timed());
    entry& e = *find(handled.timed());
    if (e.period == duration{}) return free(release(e, at));
    instant due = e.due + e.period;
    if (due <= now) due = due + e.period * ((now - due).nanoseconds / e.period.nanoseconds + 1);
    arm(e, at, due);
  }
  /// Gives away a repeated message that is being handled.
  void give_away(envelope const& handled) {
    release(*find(handled.timed()), static_cast<link>(handled.timed()));
  }

  /// Frees all. No mailbox holds any of those that are repeated.
  void clear() {
    envelope_list all;
    for (link at = 1; size_ != 0; ++at) {
      if ((*this)[at].mail != nullptr) all.push(*release((*this)[at], at));
    }
    entries_.clear();
    canceled_ = 0;
    count_ = free_ = first_ = none;
    while (envelope* e = all.pop()) free(e);  // what is in it may cancel another one
  }
  bool empty() const { return size_ == 0; }
  /// How many there is room for: as many as there were at once, and some that were canceled.
  std::size_t places() const { return count_; }

 private:
  using link = std::uint32_t;  // from 1
  static constexpr link none = 0;
  static constexpr link apart = UINT32_MAX;
  static constexpr unsigned link_bits = 32;
  static constexpr link first_block = 4;  // entries; each block has twice as many as the one before

  struct entry {
    envelope* mail;  // null if this is free, or was canceled
    instant due;
    duration period;
    std::uint32_t order;  // of arming; it may wrap
    link child;
    link next;
    link before;  // or `apart`, if this is not in the heap
  };

  entry const& operator[](link at) const {
    const auto position = static_cast<link>(at - 1 + first_block);
    const auto block = static_cast<unsigned>(std::bit_width(position)) - std::bit_width(first_block);
    return entries_[block][position - (first_block << block)];
  }
  entry& operator[](link at) { return const_cast<entry&>(std::as_const(*this)[at]); }

  /// A new place.
  link added() {
    if (((count_ + first_block) & (count_ + first_block - 1)) == 0) {
      // What is not used yet is not touched.
      entries_.push_back(std::make_unique_for_overwrite<entry[]>(count_ + first_block));
    }
    (*this)[++count_].next = none;
    return count_;
  }
  entry* find(std::uint64_t number) {
    const auto at = static_cast<link>(number);
    if (at == none || at > count_) return nullptr;
    entry& e = (*this)[at];
    return e.mail == nullptr || e.mail->timed() != number ? nullptr : &e;
  }
  /// Of one that is not armed.
  envelope* release(entry& e, link at) {
    --size_;
    give_up(e, at);
    return std::exchange(e.mail, nullptr);
  }
  void give_up(entry& e, link at) {
    e.before = apart;
    e.next = std::exchange(free_, at);
  }
  static void free(envelope* mail) {
    if (mail->is_freed_silently()) return envelope::free_silently(*mail);
    delete mail;
  }

  // --- the heap

  static bool is_before(entry const& a, entry const& b) {
    return a.due != b.due ? a.due < b.due : static_cast<std::int32_t>(a.order - b.order) < 0;
  }
  void arm(entry& e, link at, instant due) {
    e.due = due;
    e.order = ++orders_;
    e.child = e.next = e.before = none;
    first_ = joined(first_, at);
  }
  /// Of two that have no siblings, or none, the one that comes first; it has the other one as a child.
  link joined(link a, link b) {
    if (a == none) return b;
    if (b == none) return a;
    if (is_before((*this)[b], (*this)[a])) std::swap(a, b);
    entry& first = (*this)[a];
    entry& second = (*this)[b];
    second.before = a;
    second.next = std::exchange(first.child, b);
    if (second.next != none) (*this)[second.next].before = b;
    return a;
  }
  /// Siblings, at least one, joined by pairs until there is one.
  link all_joined(link siblings) {
    while ((*this)[siblings].next != none) {
      link pairs = none;
      while (siblings != none) {
        link const a = siblings;
        link const b = std::exchange((*this)[a].next, none);
        siblings = b == none ? none : (*this)[b].next;
        link const pair = joined(a, b);
        (*this)[pair].next = std::exchange(pairs, pair);
      }
      siblings = pairs;
    }
    (*this)[siblings].before = none;
    return siblings;
  }
  void take_canceled_first() {
    const link at = first_;
    remove((*this)[at], at);
    give_up((*this)[at], at);
    --canceled_;
  }
  /// Joins the others anew.
  void forget_canceled() {
    first_ = none;
    canceled_ = 0;
    for (link at = 1; at <= count_; ++at) {
      entry& e = (*this)[at];
      if (e.before == apart) continue;
      if (e.mail == nullptr) {
        give_up(e, at);
      } else {
        e.child = e.next = e.before = none;
        first_ = joined(first_, at);
      }
    }
  }
  void remove(entry& e, link at) {
    link const below = e.child == none ? none : all_joined(e.child);
    if (at == first_) {
      first_ = below;
      return;
    }
    entry& before = (*this)[e.before];
    (before.child == at ? before.child : before.next) = e.next;
    if (e.next != none) (*this)[e.next].before = e.before;
    first_ = joined(first_, below);
  }

  std::vector<std::unique_ptr<entry[]>> entries_;
  link count_ = 0;
  link free_ = none;  // the first of those that are
  link first_ = none;
  std::uint32_t orders_ = 0;
  std::size_t size_ = 0;       // without those that were canceled
  std::size_t canceled_ = 0;   // in the heap
  std::uint64_t numbers_ = 0;  // it may wrap, to 32 bits
};

}  // namespace espalier::runtime
