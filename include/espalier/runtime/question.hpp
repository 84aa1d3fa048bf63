// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdint>
#include <espalier/process/envelope.hpp>

namespace espalier::runtime {

class address;

/// What a process asks of a supervisor that may answer there and then, on the same thread: then the answer
/// does not go through the mailbox. One at a time, and on that thread only.
class question {
 public:
  question(address const& by, std::uint64_t call) : by_(&by), call_(call) { asked_here = this; }
  question(question const&) = delete;
  question& operator=(question const&) = delete;
  ~question() { asked_here = nullptr; }

  answerable* answer() const { return answer_; }

  /// Takes an answer to `to`, if that is what this thread asks. Answers false for all others.
  static bool takes(address const& to, answerable& answered) {
    question* const q = asked_here;
    if (q == nullptr || q->by_ != &to || q->call_ != answered.from.call) return false;
    q->answer_ = &answered;
    return true;
  }

 private:
  static inline constinit thread_local question* asked_here = nullptr;

  address const* const by_;
  std::uint64_t const call_;
  answerable* answer_ = nullptr;
};

}  // namespace espalier::runtime
