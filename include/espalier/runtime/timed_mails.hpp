// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <cstdint>
#include <espalier/process/plain_mail.hpp>
#include <espalier/runtime/populate.hpp>
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
/// are in a wheel. What is small and plain, and of one of the first types of these, has no envelope
/// before it is due, so that it takes one place and nothing else.
class timed_mails {
 public:
  timed_mails() = default;
  timed_mails(timed_mails const&) = delete;
  timed_mails& operator=(timed_mails const&) = delete;
  ~timed_mails() { clear(); }

  /// Arms a message. Answers a number to cancel it by.
  std::uint64_t add(plain_mail const& mail, instant due) {
    const link kind = kind_of(mail.in_envelope);
    if (kind == whole) return add(std::unique_ptr<envelope>(mail.in_envelope(mail)), due, {});
    const taken_place to = take_place();
    to.at.kind_and_place |= kind;
    to.in.plain = {mail.first, mail.second};
    return arm_new(to.at, due);
  }
  /// The same, repeated unless `period` is zero.
  std::uint64_t add(std::unique_ptr<envelope> mail, instant due, duration period) {
    const taken_place to = take_place();
    to.in.whole = {mail.get(), period.nanoseconds};
    const std::uint64_t number = arm_new(to.at, due);
    mail.release()->set_timed(number, period != duration{});
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
    if (e->is_sent()) return {std::exchange(content_of(*e).whole.period, 0) != 0};  // `finish` gives it away
    disarm(*e);
    if (exactly && e->due() == first_) find_first(true);
    return {true, release(*e)};
  }

  /// When the first one is due, or before that; `end_of_time` if there is none.
  instant first() const { return first_; }
  /// Takes out what is due by `now`, in order of time, and of arming where that is equal. Those that are
  /// repeated go on being owned here. `first` is exact afterwards if so asked. What there is no memory for
  /// goes on being due.
  envelope_list take_due(instant now, bool exactly) {
    if (wheel_ != nullptr) {
      wheel_->advance(now, [this](entry& e) { note_due(e); });
    } else {
      few_.each([&](entry& e) {
        if (e.due() > now) return;
        few_.remove(e);
        note_due(e);
      });
    }
    find_first(exactly);
    std::sort(due_.begin(), due_.end());
    envelope_list out;
    bool has_memory = true;
    for (due_mail const& d : due_) {
      if (has_memory) has_memory = send(*d.at, out);
      if (!has_memory) arm(*d.at, d.when);
    }
    due_.clear();
    return out;
  }

  /// Arms a repeated message again that has been handled. Gives it away if it was canceled.
  envelope* finish(envelope const& handled, instant now) {
    entry& e = *find(handled.timed());
    const duration period{content_of(e).whole.period};
    if (period == duration{}) return release(e);
    instant due = e.due() + period;
    if (due <= now) due = due + period * ((now - due).nanoseconds / period.nanoseconds + 1);
    arm(e, due);
    return nullptr;
  }
  /// Gives away a repeated message that is being handled.
  void give_away(envelope const& handled) { release(*find(handled.timed())); }

  /// Gives away all. No mailbox holds any of those that are repeated.
  envelope_list take_all() {
    envelope_list all;
    for (link at = 0; size_ != 0; ++at) {
      entry& e = (*this)[at];
      if (e.generation == 0) continue;
      if (envelope* const mail = release(e)) all.push(*mail);
    }
    segments_.clear();
    count_ = room_ = 0;
    free_ = nullptr;
    few_.clear();
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
  using link = std::uint32_t;
  static constexpr unsigned generation_at = 32;  // in a number, above the link
  static constexpr link most_few = 16;           // then they are in a wheel
  static constexpr link small_segment = 256;
  static constexpr link per_segment = 4'096;
  static constexpr link max_link = (link{1} << 26) - 1;  // so many at a time; above it is the kind
  static constexpr link whole = 0;                       // the kind of what is in an envelope
  static constexpr std::size_t most_kinds = 63;

  struct plain_words {
    std::uint64_t first;
    std::uint64_t second;
  };
  struct whole_mail {
    envelope* mail;
    std::int64_t period;  // nanoseconds; 0 if it is not repeated
  };
  union content {
    plain_words plain;
    whole_mail whole;
  };
  // All that there ever were at a time stand side by side, and what is in them elsewhere: to cancel many is
  // to go through all of this. It is touched only once it is used.
  struct entry : timer_links {  // from null, if it has been sent; if it is free, `after` is the next free one
    std::int64_t nanoseconds;   // when it is due
    std::uint32_t generation;   // 0 if it is free
    link kind_and_place;

    instant due() const { return {nanoseconds}; }
    bool is_sent() const { return before == nullptr; }
    link kind() const { return kind_and_place & ~max_link; }
    link place() const { return kind_and_place & max_link; }
    std::uint64_t number() const { return (std::uint64_t{generation} << generation_at) + place(); }
  };
  static_assert(sizeof(entry) == 32 && sizeof(content) == 16);
  static_assert(std::is_trivially_copyable_v<entry> && std::is_trivially_default_constructible_v<entry>);
  struct segment {
    std::unique_ptr<entry[]> entries;
    std::unique_ptr<content[]> contents;
  };
  struct due_mail {
    instant when;
    std::uint32_t order;
    entry* at;

    bool operator<(due_mail const& other) const {
      return when != other.when ? when < other.when : order < other.order;
    }
  };

  // --- places

  entry& operator[](link at) const { return segments_[at / per_segment].entries[at % per_segment]; }
  content& content_of(entry const& e) const {
    return segments_[e.place() / per_segment].contents[e.place() % per_segment];
  }
  struct taken_place {
    entry& at;
    content& in;
  };
  /// Of the kind `whole`.
  taken_place take_place() {
    if (size_ == most_few && wheel_ == nullptr) make_wheel();
    if (entry* const e = free_) {
      free_ = static_cast<entry*>(e->after);
      e->kind_and_place = e->place();
      return {*e, content_of(*e)};
    }
    if (count_ == room_) make_room();
    unused_->kind_and_place = count_++;  // of new memory nothing is read
    return {*unused_++, *unused_content_++};
  }
  /// The first segment is small at first; then what is in it moves.
  [[gnu::noinline]] void make_room() {
    if (count_ >= max_link) throw std::bad_alloc();
    const link room = room_ == 0              ? 4
                      : room_ < most_few      ? 2 * room_
                      : room_ < small_segment ? small_segment
                                              : (room_ / per_segment + 1) * per_segment;
    if (room > due_.capacity()) due_.reserve(2 * std::size_t{room});  // so that `take_due` needs no memory
    const link from = room_ < per_segment ? 0 : room_;
    // What is not used yet is not touched.
    segment more{std::make_unique_for_overwrite<entry[]>(room - from),
                 std::make_unique_for_overwrite<content[]>(room - from)};
    if (from == 0 && room_ != 0) {
      std::copy_n(segments_.front().contents.get(), count_, more.contents.get());
      for (link at = 0; at != count_; ++at) {
        entry& e = more.entries[at] = (*this)[at];
        if (!e.is_sent()) e.before->after = e.after->before = &e;
      }
      segments_.front() = std::move(more);
    } else {
      if (from != 0) {
        populate(more.entries.get(), sizeof(entry) * per_segment);
        populate(more.contents.get(), sizeof(content) * per_segment);
      }
      segments_.push_back(std::move(more));
    }
    room_ = room;
    unused_ = segments_.back().entries.get() + (count_ - from);
    unused_content_ = segments_.back().contents.get() + (count_ - from);
  }
  entry* find(std::uint64_t number) {
    const auto at = static_cast<link>(number);
    if (at >= count_) return nullptr;
    entry& e = (*this)[at];
    return e.generation == number >> generation_at && e.generation != 0 ? &e : nullptr;
  }
  /// Of one that is not armed. Answers its envelope, if it has one.
  envelope* release(entry& e) {
    e.generation = 0;
    e.after = std::exchange(free_, &e);
    --size_;
    return e.kind() == whole ? content_of(e).whole.mail : nullptr;
  }

  // --- kinds

  using maker = decltype(plain_mail::in_envelope);
  /// Of plain messages of one type; processes have few. Those of all but the first 63 types are `whole`.
  link kind_of(maker make) {
    for (std::size_t at = 0; at != makers_.size(); ++at) {
      if (makers_[at] == make) return kind_at(at);
    }
    return new_kind(make);
  }
  [[gnu::noinline]] link new_kind(maker make) {
    if (makers_.size() == most_kinds) return whole;
    makers_.push_back(make);
    return kind_at(makers_.size() - 1);
  }
  static link kind_at(std::size_t at) { return (static_cast<link>(at) + 1) * (max_link + 1); }
  plain_mail plain_of(entry const& e) const {
    const plain_words sent = content_of(e).plain;
    return {sent.first, sent.second, makers_[e.kind() / (max_link + 1) - 1]};
  }

  // --- time

  std::uint64_t arm_new(entry& e, instant due) {
    ++size_;
    if (++numbers_ == 0) ++numbers_;
    e.generation = numbers_;
    arm(e, due);
    return e.number();
  }
  void arm(entry& e, instant due) {
    e.nanoseconds = due.nanoseconds;
    if (wheel_ != nullptr) {
      wheel_->arm(e);
    } else {
      few_.push(e);
    }
    first_ = std::min(first_, due);
  }
  void disarm(entry& e) {
    if (wheel_ != nullptr) {
      wheel_->disarm(e);
    } else {
      few_.remove(e);
    }
  }
  void make_wheel() {
    wheel_ = std::make_unique<wheel<entry>>();
    few_.each([this](entry& e) { wheel_->arm(e); });
    few_.clear();
  }
  void note_due(entry& e) { due_.push_back({e.due(), static_cast<std::uint32_t>(due_.size()), &e}); }
  /// Answers false if there is no memory.
  bool send(entry& e, envelope_list& out) {
    if (e.kind() == whole) {
      envelope& mail = *content_of(e).whole.mail;
      out.push(mail);
      if (mail.is_repeated()) {
        e.before = nullptr;
      } else {
        release(e);
      }
      return true;
    }
    try {
      const plain_mail plain = plain_of(e);
      envelope& mail = *plain.in_envelope(plain);
      mail.set_timed(e.number(), false);
      out.push(mail);
    } catch (std::bad_alloc const&) {
      return false;
    }
    release(e);
    return true;
  }
  void find_first(bool exactly) {
    if (wheel_ != nullptr) {
      first_ = exactly ? wheel_->first() : wheel_->next();
    } else {
      first_ = few_.soonest();
    }
  }

  std::vector<segment> segments_;
  link count_ = 0;  // of entries that were ever used
  link room_ = 0;
  entry* unused_ = nullptr;  // the first one that was never used, if there is room
  content* unused_content_ = nullptr;
  entry* free_ = nullptr;  // the first of those that are
  timer_list<entry> few_;  // all that are armed, unless there is a wheel
  std::unique_ptr<wheel<entry>> wheel_;
  instant first_ = end_of_time;
  std::vector<due_mail> due_;  // while they are taken out
  std::size_t size_ = 0;
  std::uint32_t numbers_ = 0;  // it may wrap
  std::vector<maker> makers_;  // of the kinds
};

}  // namespace espalier::runtime
