// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <atomic>
#include <espalier/plan/window.hpp>

// How much time the messages of a worker take, and so whether others are to take some of them.
//
// A message that crosses from one core to another costs about as much as handling one for a tenth of a
// microsecond, twice or more. So messages are shared if they take at least two microseconds each. While they
// are shared, what that costs is in what is measured; so they go on being shared only if they take at least
// three times as long. Without that, one slow moment would have short messages shared for ever.
namespace espalier::runtime {

enum class pace : unsigned char { unknown, little, long_enough };

/// The pace of one worker. It counts its messages, and measures now and then.
class pace_meter {
 public:
  static constexpr duration worth_sharing{2'000};  // that a message takes
  static constexpr duration worth_going_on{6'000};

  /// What the last measurement has said. Any thread; others than the worker may see it late.
  pace messages_take() const { return pace_.load(std::memory_order_relaxed); }

  // --- the worker

  void count(int messages) { messages_ += messages; }
  /// Judges what was counted since the last time, unless there was a pause.
  void measure(instant now) {
    if (since_ != end_of_time) {
      const duration enough = messages_take() == pace::long_enough ? worth_going_on : worth_sharing;
      const bool shares = now - since_ >= enough * messages_;
      pace_.store(shares ? pace::long_enough : pace::little, std::memory_order_relaxed);
    }
    since_ = now;
    messages_ = 0;
  }
  /// The time until the next measurement is not spent on messages.
  void pause() { since_ = end_of_time; }

 private:
  std::atomic<pace> pace_{pace::unknown};
  int messages_ = 0;
  instant since_ = end_of_time;
};

}  // namespace espalier::runtime
