// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstdio>
#include <espalier/check/diagram.hpp>
#include <espalier/process/exit_reason.hpp>
#include <functional>
#include <span>

namespace espalier {

/// What a report is about, in OTP's words where it has one.
enum class report_kind : unsigned char {
  child_terminated,  // a child ended by itself
  start_error,       // a child did not start
  shutdown_error,    // a child that was stopped ended in another way
  still_running,     // a child did not stop within its limit
  stalled,           // a function of a child has run for long, and still does; nothing has ended
  quarantined,       // a function did not return within the stop limit of its child, and was left behind
  returned,          // a function that was left behind has returned
  mailbox_overflow,  // a message was dropped, because the mailbox that waits for a restart is full
  reached_max_restart_intensity  // a child ended, and a further restart would be one too many
};

/// What was done about it.
enum class report_action : unsigned char {
  restarting,        // `affected` are stopped and started
  left_stopped,      // by its restart type
  retrying,          // the start is tried again, and counted
  giving_up,         // the supervisor stops its other children and ends
  dropping,          // the message
  waiting,           // for the function to return; nothing can end it
  replacing_worker,  // another one takes the place of its worker
  left_behind,       // its incarnation is; the place gets a new one
  destroyed,         // its incarnation, which was left behind
  none               // the stop goes on
};

/// One thing that went wrong in a tree: who, why, and what was done about it. Valid while the sink runs.
struct report {
  report_kind kind{};
  std::string_view supervisor;  // path from the root
  record const* supervisor_record = nullptr;
  void const* supervisor_node = nullptr;  // which one, where a record stands for many
  std::string_view child;                 // path from the root
  record const* child_record = nullptr;
  std::uint64_t incarnation = 0;
  exit_reason const* why = nullptr;
  type_id message = {};      // being handled when it crashed, or null
  std::size_t restarts = 0;  // counted within the period, this one included
  report_action action{};
  std::span<std::string_view const> affected;  // by a restart, in start order
  duration wait = {};                          // before that restart

  /// A readable block of a few lines.
  std::string to_string() const;
};

/// Takes reports: called from a worker, one at a time. What it throws is dropped.
using report_sink = std::function<void(report const&)>;

constexpr std::string_view word(report_kind k) {
  constexpr std::string_view words[] = {
      "child_terminated", "start_error",      "shutdown_error",
      "still_running",    "stalled",          "quarantined",
      "returned",         "mailbox_overflow", "reached_max_restart_intensity"};
  return words[static_cast<unsigned char>(k)];
}

namespace detail {

inline std::string to_string(duration d) {
  text_writer count;
  count.add(d);
  std::string out(count.size(), ' ');
  text_writer(out.data()).add(d);
  return out;
}

inline std::string_view view(type_id name) { return {name->text, name->size}; }

inline std::string action_text(report const& r) {
  switch (r.action) {
    case report_action::restarting: {
      std::string out = "restarting ";
      for (std::size_t i = 0; i != r.affected.size(); ++i) {
        if (i != 0) out += ", ";
        out += r.affected[i];
      }
      constexpr std::int64_t ms = 1'000'000;
      const duration shown = r.wait.nanoseconds < ms ? r.wait : duration{r.wait.nanoseconds / ms * ms};
      if (r.wait != duration{}) out += " after " + to_string(shown);
      return out;
    }
    case report_action::left_stopped:
      return "left stopped, as a " + std::string(word(r.child_record->restart)) + " child";
    case report_action::retrying:
      return "trying to start it again";
    case report_action::giving_up:
      return std::string(r.supervisor) + " stops its other children and ends";
    case report_action::dropping:
      return "dropping the message";
    case report_action::waiting:
      return "waiting for its function to return; nothing can end it";
    case report_action::replacing_worker:
      return "another worker takes the place of the one that it runs on; nothing restarts";
    case report_action::left_behind:
      return "left behind with its incarnation; the process counts as killed, and its place goes on without "
             "it";
    case report_action::destroyed:
      return "its incarnation, which was left behind, is destroyed";
    case report_action::none:
      return "none; the stop goes on";
  }
  return {};
}

}  // namespace detail

inline std::string report::to_string() const {
  auto line = [](std::string_view name, std::string_view text) {
    std::string out = "  ";
    out.append(name).append(12 - name.size(), ' ').append(text).append("\n");
    return out;
  };
  std::string out = "espalier: " + std::string(word(kind)) + "\n";
  out += line("supervisor",
              std::string(supervisor) + " (" + std::string(detail::word(supervisor_record->strategy)) + ")");
  std::string who(child);
  who.append(" (").append(detail::word(child_record->restart));
  if (child_record->supervisor) who.append(" supervisor");
  who.append(")");
  if (incarnation != 0) who.append(", incarnation ").append(std::to_string(incarnation));
  out += line("child", who);
  if (why != nullptr) out += line("reason", why->chain());
  if (message) out += line("message", detail::view(message));
  const bool tells_restarts = kind == report_kind::child_terminated || kind == report_kind::start_error ||
                              kind == report_kind::reached_max_restart_intensity;
  if (tells_restarts) {
    out +=
        line("restarts", std::to_string(restarts) + " of " + std::to_string(supervisor_record->max_restarts) +
                             " within " + detail::to_string(supervisor_record->period));
  }
  out += line("action", detail::action_text(*this));
  return out;
}

/// The default sink: one block on stderr for each report.
inline void report_to_stderr(report const& r) {
  const std::string text = r.to_string();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace espalier
