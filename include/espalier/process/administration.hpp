// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/operations.hpp>
#include <string_view>
#include <typeinfo>
#include <vector>

// What may be asked of a supervisor about its children, with OTP's answers (reference B.12).
namespace espalier {

/// What became of a request about a child.
enum class child_result : unsigned char {
  ok,
  running,       // not started, because it runs
  restarting,    // not started, because its restart is under way
  not_found,     // it was temporary, and has ended
  start_failed,  // it was started, and that failed; a report says why
  needed,        // not started, because a running process must restart with it
  below,         // refused, because whoever asks is below that supervisor
  noproc         // its supervisor does not run
};

constexpr std::string_view word(child_result r) {
  constexpr std::string_view words[] = {"ok",           "running", "restarting", "not_found",
                                        "start_failed", "needed",  "below",      "noproc"};
  return words[static_cast<unsigned char>(r)];
}

/// How a child is.
enum class child_status : unsigned char { running, starting, stopping, restarting, stopped };

/// A child as `which_children` lists it. A temporary child that has ended is not listed.
struct child_info {
  type_id name = {};
  child_status status{};
  bool is_supervisor = false;
  std::uint64_t incarnation = 0;
};

/// How many children a supervisor has.
struct child_counts {
  std::size_t specs = 0;
  std::size_t active = 0;  // that run
  std::size_t supervisors = 0;
  std::size_t workers = 0;

  friend bool operator==(child_counts, child_counts) = default;
};

namespace runtime {

enum class child_request_kind : unsigned char { terminate, restart, restart_group };

/// A request to a supervisor, in an envelope of its own: it is answered, and never handled by a process.
template <class R>
class supervisor_request : public request<R> {
 public:
  std::coroutine_handle<> begin(incarnation&) override { return {}; }
  void finish() override {}
  void abandon() noexcept override {}
  type_id message_type() const noexcept override { return {}; }
};

/// A request as one of that kind; null if it is another.
template <class Request>
Request* as(envelope& r) {
  return typeid(r) == typeid(Request) ? static_cast<Request*>(&r) : nullptr;
}

class address;

struct child_request final : supervisor_request<child_result> {
  explicit child_request(child_request_kind k) : kind(k) {}
  child_request_kind const kind;
  address const* asked_by = nullptr;  // null: from outside
};
struct children_request final : supervisor_request<std::vector<child_info>> {};

/// Hands a request about the process at `of` to its supervisor.
void ask_supervisor_of(incarnation& self, place& of, child_request& r);

}  // namespace runtime

namespace detail {

/// Awaited, it is what the supervisor answers.
class [[nodiscard]] child_operation final : public awaitable {
 public:
  child_operation(runtime::incarnation& self, runtime::place& of, runtime::child_request_kind kind)
      : self_(self), of_(of), kind_(kind) {}
  child_operation(child_operation&&) = delete;
  ~child_operation() { delete suspension_.answer; }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> frame) {
    auto request = std::make_unique<runtime::child_request>(kind_);
    request->from = runtime::next_call(self_);
    suspension_.frame = frame;
    suspension_.call = request->from.call;
    suspension_.is_call = true;
    runtime::ask_supervisor_of(self_, of_, *request);
    static_cast<void>(request.release());
    runtime::suspend(self_, suspension_, infinity);
  }
  child_result await_resume() { return *static_cast<runtime::child_request*>(suspension_.answer)->reply; }

 private:
  runtime::incarnation& self_;
  runtime::place& of_;
  runtime::child_request_kind kind_;
  runtime::suspension suspension_;
};

}  // namespace detail
}  // namespace espalier
