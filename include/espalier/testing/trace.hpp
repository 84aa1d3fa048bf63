// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/supervisor_node.hpp>

#include <algorithm>

namespace espalier {

/// What a supervision tree did, step by step: a value to build, to keep, and to compare.
class trace {
 public:
  struct step {
    runtime::event_kind what{};
    type_id name = {};
    reason why = reason::normal;  // of an end

    friend bool operator==(step const&, step const&) = default;
    std::string to_string() const {
      constexpr std::string_view words[] = {"started", "ended", "restarting", "gave_up"};
      std::string out(words[static_cast<unsigned char>(what)]);
      if (what == runtime::event_kind::ended && why == reason::crashed) out = "crashed";
      if (what == runtime::event_kind::ended && why == reason::shutdown) out = "stopped";
      out.append(1, ' ').append(detail::view(name));
      if (what == runtime::event_kind::ended && out.starts_with("ended")) out.append(": ").append(word(why));
      return out;
    }
  };

  /// A process or supervisor is up.
  template <class Name>
  trace started() && {
    return std::move(add({runtime::event_kind::started, id_of<Name>}));
  }
  /// A process or supervisor has ended.
  template <class Name>
  trace ended(reason why) && {
    return std::move(add({runtime::event_kind::ended, id_of<Name>, why}));
  }
  /// It has ended with an exception.
  template <class Name>
  trace crashed() && {
    return std::move(*this).template ended<Name>(reason::crashed);
  }
  /// It has ended because it was stopped.
  template <class Name>
  trace stopped() && {
    return std::move(*this).template ended<Name>(reason::shutdown);
  }
  /// Its restart failed, and will be tried again.
  template <class Name>
  trace restarting() && {
    return std::move(add({runtime::event_kind::restarting, id_of<Name>}));
  }
  /// A supervisor had one restart too many.
  template <class Name>
  trace gave_up() && {
    return std::move(add({runtime::event_kind::gave_up, id_of<Name>}));
  }

  trace& add(step s) {
    steps_.push_back(s);
    return *this;
  }
  std::vector<step> const& steps() const { return steps_; }

  friend bool operator==(trace const&, trace const&) = default;

 private:
  std::vector<step> steps_;
};

/// The result of a comparison, which prints both traces side by side.
class trace_match {
 public:
  trace_match(bool holds, trace expected, trace got, std::string note)
      : holds_(holds), expected_(std::move(expected)), got_(std::move(got)), note_(std::move(note)) {}

  explicit operator bool() const { return holds_; }

  std::string to_string() const {
    auto text = [](trace const& t, std::size_t i) {
      return i < t.steps().size() ? t.steps()[i].to_string() : std::string();
    };
    const std::size_t rows = std::max(expected_.steps().size(), got_.steps().size());
    std::size_t width = 8;
    for (std::size_t i = 0; i != rows; ++i) width = std::max(width, text(expected_, i).size());
    std::string out = "\n  expected" + std::string(width - 8, ' ') + "  got\n";
    for (std::size_t i = 0; i != rows; ++i) {
      const std::string left = text(expected_, i);
      const std::string right = text(got_, i);
      out +=
          (left == right ? "  " : "! ") + left + std::string(width - left.size(), ' ') + "  " + right + "\n";
    }
    return out + note_;
  }

  template <class Char, class Traits>
  friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                      trace_match const& m) {
    return out << m.to_string().c_str();
  }

 private:
  bool holds_;
  trace expected_;
  trace got_;
  std::string note_;
};

namespace testing {

/// Whether `got` is exactly `expected`.
inline trace_match match(trace expected, trace got, std::string note = {}) {
  const bool same = expected == got;
  return {same, std::move(expected), std::move(got), std::move(note)};
}

/// Whether the steps of `expected` occur in `got` in their order, with others between them.
inline trace_match match_within(trace expected, trace got, std::string note = {}) {
  std::size_t found = 0;
  for (trace::step const& s : got.steps()) {
    if (found != expected.steps().size() && s == expected.steps()[found]) ++found;
  }
  const bool all = found == expected.steps().size();
  return {all, std::move(expected), std::move(got), std::move(note)};
}

}  // namespace testing
}  // namespace espalier
