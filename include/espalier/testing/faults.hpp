// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/place.hpp>

#include <list>

namespace espalier {

/// What an injected crash throws.
class injected_crash : public std::exception {
 public:
  char const* what() const noexcept override { return "crashed by the simulation"; }
};

/// Crash at the Nth message that the process is about to handle from now on; 1 is the next.
struct at_message {
  std::uint64_t number = 1;
};
/// Crash after the handler of the Nth message from now on has run, before its reply is sent.
struct after_message {
  std::uint64_t number = 1;
};
/// Crash the next `times` starts in the constructor.
struct in_constructor {
  std::uint64_t times = 1;
};
/// Crash the next `times` starts in `init`.
struct in_init {
  std::uint64_t times = 1;
};
/// Crash the next `terminate`.
struct in_terminate {};

namespace testing {

/// The crashes that a simulation has been asked for, and have not happened yet.
class crash_list final : public runtime::fault_injector {
 public:
  struct crash {
    runtime::fault_point where{};
    record const* about = nullptr;
    std::uint64_t wait = 0;   // times that pass before it happens
    std::uint64_t times = 1;  // times it happens
  };

  void add(crash c) { crashes_.push_back(c); }

  void reach(runtime::fault_point where, record const& about, std::uint64_t, type_id) override {
    bool now = false;
    for (auto c = crashes_.begin(); c != crashes_.end();) {
      if (c->where != where || c->about != &about) {
        ++c;
      } else if (c->wait != 0) {
        --c->wait;
        ++c;
      } else {
        now = true;
        c = --c->times == 0 ? crashes_.erase(c) : std::next(c);
      }
    }
    if (now) throw injected_crash();
  }

 private:
  std::list<crash> crashes_;
};

}  // namespace testing
}  // namespace espalier
