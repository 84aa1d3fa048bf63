// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <espalier/process/envelope.hpp>
#include <espalier/runtime/wheel.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace espalier::runtime {

/// The messages that one incarnation has sent itself for later. Touched only by who has the process, so
/// nothing is locked.
///
/// Each has a place here, and a number: of the place, and how many there have been. So a number of one that
/// is gone means nothing, also when its place is used again. A few are in a list; once there are more, they
/// are in a wheel.
class timed_mails {
 public:
  timed_mails() = default;
  timed_mails(timed_mails const&) = delete;
  timed_mails& operator=(timed_mails const&) = delete;
  ~timed_mails() { clear(); }

  /// Arms a message, repeated unless `period` is zero. Answers a number to cancel it by.
  std::uint64_t add(std::unique_ptr<envelope> mail, instant due, duration period) {
    if (size_ == most_few && wheel_ == nullptr) make_wheel();
    const link at = free_ != none ? free_ : added();
    entry& e = (*this)[at];
    free_ = e.after;
    ++size_;
    const std::uint64_t number = (++numbers_ << link_bits) + at;
    mail->set_timed(number, period != duration{});
    e.mail = mail.release();
    e.period = period.nanoseconds;
    arm(e, at, due);
    return number;
  }

  /// What became of a wish to cancel a message.
  struct canceled {
    bool was_to_come = false;
    envelope* mail = nullptr;  // the caller's to free
  };
  /// Cancels the message of that number. `first` is exact afterwards only if so asked.
  canceled cancel(std::uint64_t number, bool exactly) {
    entry* const e = find(number);
    if (e == nullptr) return {};
    if (e->is_sent()) return {std::exchange(e->period, 0) != 0};  // `finish` gives it away
    const auto at = static_cast<link>(number);
    disarm(at);
    if (exactly && e->due == first_.nanoseconds) find_first(true);
    return {true, release(*e, at)};
  }

  /// When the first one is due, or before that; `end_of_time` if there is none.
  instant first() const { return first_; }
  /// Takes out what is due by `now`, in order of time, and of arming where that is equal. Those that are
  /// repeated go on being owned here. `first` is exact afterwards if so asked.
  envelope_list take_due(instant now, bool exactly) {
    if (wheel_ != nullptr) {
      wheel_->advance(links{this}, now, [this](link at) { note_due(at); });
    } else {
      for (link at = few_.first; at != none;) {
        entry& e = (*this)[at];
        const link next = e.after;
        if (e.due <= now.nanoseconds) {
          few_.remove(links{this}, at);
          note_due(at);
        }
        at = next;
      }
    }
    find_first(exactly);
    std::sort(due_.begin(), due_.end());
    envelope_list out;
    for (due_mail const& d : due_) {
      entry& e = (*this)[d.at];
      out.push(*e.mail);
      if (e.mail->is_repeated()) {
        e.before = sent;
      } else {
        release(e, d.at);
      }
    }
    due_.clear();
    return out;
  }

  /// Arms a repeated message again that has been handled. Gives it away if it was canceled.
  envelope* finish(envelope const& handled, instant now) {
    const auto at = static_cast<link>(handled.timed());
    entry& e = *find(handled.timed());
    if (e.period == 0) return release(e, at);
    const duration period{e.period};
    instant due = instant{e.due} + period;
    if (due <= now) due = due + period * ((now - due).nanoseconds / e.period + 1);
    arm(e, at, due);
    return nullptr;
  }
  /// Gives away a repeated message that is being handled.
  void give_away(envelope const& handled) {
    release(*find(handled.timed()), static_cast<link>(handled.timed()));
  }

  /// Gives away all. No mailbox holds any of those that are repeated.
  envelope_list take_all() {
    envelope_list all;
    for (link at = 1; size_ != 0; ++at) {
      if ((*this)[at].mail != nullptr) all.push(*release((*this)[at], at));
    }
    entries_.clear();
    count_ = free_ = none;
    few_ = {};
    wheel_.reset();
    first_ = end_of_time;
    std::vector<due_mail>().swap(due_);
    return all;
  }
  /// Frees all.
  void clear() {
    envelope_list all = take_all();
    while (envelope* e = all.pop()) free(*e);  // what is in it may cancel another one
  }
  bool empty() const { return size_ == 0; }

  static void free(envelope& mail) {
    if (mail.is_freed_silently()) return envelope::free_silently(mail);
    delete &mail;
  }

 private:
  using link = std::uint32_t;  // from 1
  static constexpr link none = 0;
  static constexpr link sent = UINT32_MAX;
  static constexpr unsigned link_bits = 32;
  static constexpr link first_block = 4;  // entries; each block has twice as many as the one before
  static constexpr std::size_t most_few = 16;

  struct entry {
    envelope* mail;       // null if this is free
    std::int64_t due;     // nanoseconds
    std::int64_t period;  // the same
    link before;          // or `sent`
    link after;

    bool is_sent() const { return before == sent; }
  };
  struct links {
    using link = timed_mails::link;
    static constexpr link none = timed_mails::none;
    instant due(link at) const { return {(*all)[at].due}; }
    link& before(link at) const { return (*all)[at].before; }
    link& after(link at) const { return (*all)[at].after; }
    timed_mails* all;
  };
  struct due_mail {
    instant when;
    std::uint32_t order;
    link at;

    bool operator<(due_mail const& other) const {
      return when != other.when ? when < other.when : order < other.order;
    }
  };

  entry& operator[](link at) const {
    const auto position = static_cast<link>(at - 1 + first_block);
    const auto block = static_cast<unsigned>(std::bit_width(position)) - std::bit_width(first_block);
    return entries_[block][position - (first_block << block)];
  }
  /// A new place.
  link added() {
    if (((count_ + first_block) & (count_ + first_block - 1)) == 0) {
      due_.reserve(2 * std::size_t{count_} + first_block);  // so that `take_due` needs no memory
      // What is not used yet is not touched.
      static_assert(std::is_trivially_default_constructible_v<entry>);
      entries_.push_back(std::make_unique_for_overwrite<entry[]>(count_ + first_block));
    }
    (*this)[++count_].after = none;
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
    e.after = std::exchange(free_, at);
    --size_;
    return std::exchange(e.mail, nullptr);
  }

  // --- time

  void arm(entry& e, link at, instant due) {
    e.due = due.nanoseconds;
    if (wheel_ != nullptr) {
      wheel_->arm(links{this}, at);
    } else {
      few_.push(links{this}, at);
    }
    first_ = std::min(first_, due);
  }
  void disarm(link at) {
    if (wheel_ != nullptr) {
      wheel_->disarm(links{this}, at);
    } else {
      few_.remove(links{this}, at);
    }
  }
  void make_wheel() {
    wheel_ = std::make_unique<wheel<links>>();
    for (link at = std::exchange(few_, {}).first; at != none;) {
      wheel_->arm(links{this}, std::exchange(at, (*this)[at].after));
    }
  }
  void note_due(link at) { due_.push_back({{(*this)[at].due}, static_cast<std::uint32_t>(due_.size()), at}); }
  void find_first(bool exactly) {
    if (wheel_ != nullptr) {
      first_ = exactly ? wheel_->first(links{this}) : wheel_->next(links{this});
    } else {
      first_ = few_.soonest(links{this});
    }
  }

  std::vector<std::unique_ptr<entry[]>> entries_;
  link count_ = 0;
  link free_ = none;       // the first of those that are
  timer_list<links> few_;  // all that are armed, unless there is a wheel
  std::unique_ptr<wheel<links>> wheel_;
  instant first_ = end_of_time;
  std::vector<due_mail> due_;  // while they are taken out
  std::size_t size_ = 0;
  std::uint64_t numbers_ = 0;  // it may wrap, to 32 bits
};

}  // namespace espalier::runtime
