// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/place.hpp>
#include <list>
#include <stdexcept>

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
/// Crash when the tree has run for that long, or now if it has already; also while the process is idle or
/// suspended. A process that is being restarted then crashes as soon as it is up.
struct at {
  duration elapsed;
};
/// Crash in the constructor, so that the next `times` starts fail.
struct in_constructor {
  std::uint64_t times = 1;
};
/// Crash in `init`, so that the next `times` starts fail.
struct in_init {
  std::uint64_t times = 1;
};
/// Crash the next `terminate`.
struct in_terminate {};

namespace testing {

/// Whom a fault is for: the processes of a record, or only the dynamic child at that address.
struct victim {
  record const* about = nullptr;
  runtime::child_address only = {};

  bool is(runtime::place& p) const {
    return about == &p.about() && (only.at == nullptr || (only.at == &p && p.is_of(only.generation)));
  }
};

/// What a simulation has been asked to do to the processes' own code.
class fault_list {
 public:
  struct crash {
    runtime::fault_point where{};
    victim whom;
    std::uint64_t wait = 0;   // times that pass before it happens
    std::uint64_t times = 1;  // times it happens
  };
  struct slowness {
    victim whom;
    type_id message = {};  // null: all
    duration takes{};
  };
  struct drop {
    record const* to = nullptr;
    type_id message = {};
    std::uint64_t wait = 0;
  };

  void add(crash c) {
    if (c.times != 0) crashes_.push_back(c);
  }
  void add(slowness s) {
    if (s.takes < duration{} || s.takes == infinity) {
      throw std::invalid_argument("espalier: a handler is slow for a finite time, 0 s or more");
    }
    std::erase_if(slow_, [&](slowness const& old) {
      return old.whom.about == s.whom.about && old.whom.only.at == s.whom.only.at &&
             old.whom.only.generation == s.whom.only.generation && old.message == s.message;
    });
    if (s.takes != duration{}) slow_.push_back(s);
  }
  void add(drop d) { drops_.push_back(d); }

  /// Whether a crash is due here.
  bool crashes(runtime::fault_point where, runtime::place& at) {
    bool now = false;
    for (auto c = crashes_.begin(); c != crashes_.end();) {
      if (c->where != where || !c->whom.is(at)) {
        ++c;
      } else if (c->wait != 0) {
        --c->wait;
        ++c;
      } else {
        now = true;
        c = --c->times == 0 ? crashes_.erase(c) : std::next(c);
      }
    }
    return now;
  }

  /// How long a handler is busy first: what was said of its message, or else of its process.
  duration busy(runtime::place& at, type_id message) const {
    duration d{};
    for (slowness const& s : slow_) {
      if (!s.whom.is(at)) continue;
      if (s.message && s.message == message) return s.takes;
      if (!s.message) d = s.takes;
    }
    return d;
  }

  /// Whether this cast is to be lost.
  bool drops(record const& to, type_id message) {
    for (auto d = drops_.begin(); d != drops_.end(); ++d) {
      if (d->to != &to || d->message != message) continue;
      if (d->wait-- != 0) continue;
      drops_.erase(d);
      return true;
    }
    return false;
  }

 private:
  std::list<crash> crashes_;
  std::list<slowness> slow_;
  std::list<drop> drops_;
};

}  // namespace testing
}  // namespace espalier
