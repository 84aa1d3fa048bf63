// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <array>
#include <espalier/testing/trace.hpp>

namespace espalier::testing {

/// The last steps of a simulation, for a failing test to print.
class step_log {
 public:
  void handles(instant when, type_id process, type_id message) {
    put({.when = when, .process = process, .message = message});
  }
  void happened(instant when, trace::step what) { put({.when = when, .event = what}); }

  /// A line for each, oldest first.
  std::string to_string() const {
    std::string out;
    for (std::size_t i = count_ < kept ? 0 : count_ - kept; i != count_; ++i) {
      entry const& e = entries_[i % kept];
      out.append("    ").append(detail::to_string(e.when - instant{})).append("  ");
      if (e.process) {
        out.append(detail::view(e.process)).append(" handles ").append(detail::view(e.message));
      } else {
        out.append(e.event.to_string());
      }
      out.append(1, '\n');
    }
    return out;
  }

 private:
  static constexpr std::size_t kept = 16;
  struct entry {
    instant when = {};
    type_id process = {};
    type_id message = {};
    trace::step event = {};
  };
  void put(entry e) { entries_[count_++ % kept] = e; }

  std::array<entry, kept> entries_;
  std::size_t count_ = 0;
};

}  // namespace espalier::testing
