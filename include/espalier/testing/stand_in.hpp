// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <algorithm>
#include <espalier/process/message.hpp>
#include <espalier/runtime/place.hpp>
#include <espalier/runtime/report.hpp>
#include <espalier/testing/faults.hpp>
#include <functional>
#include <vector>

// Handlers that stand in for a process's own. The place, its mailbox and its restarts stay real: a message
// for the process is put into another envelope, which is handled by the stand-in, and carries the reply back
// in the first one.
namespace espalier {

/// As an answer: there is none, and the caller waits for its timeout.
struct never {};
/// As an answer: the callee crashes.
struct dies {};

namespace testing {

/// A life without a process.
class vacant_life final : public runtime::incarnation {
 public:
  using incarnation::incarnation;
  static std::unique_ptr<incarnation> make(runtime::place& home, runtime::life_number which) {
    return std::make_unique<vacant_life>(home, which);
  }
  bool construct(void const*) override { return true; }
  std::coroutine_handle<> begin_init() override { return {}; }
  std::coroutine_handle<> begin_terminate(exit_reason const&) override { return {}; }
  void finish_activity() override {}
  void destroy() noexcept override {}
};

/// The handlers of one process, by message type. Each incarnation begins with fresh copies of them.
class stand_in {
 public:
  /// Handles a message, and puts its reply into it. Answers false if there is to be none.
  using handler = std::function<bool(runtime::envelope&)>;

  explicit stand_in(type_id name) : name_(name) {}
  ~stand_in() { end(); }

  void set(type_id message, handler h) {
    for (auto* all : {&given_, &current_}) {
      std::erase_if(*all, [&](entry const& e) { return e.message == message; });
      all->push_back({message, h});
    }
  }

  /// Puts `mail` into an envelope that leads here.
  runtime::envelope& redirect(runtime::envelope& mail) { return *new redirected(*this, mail); }

  /// From now on nothing of the test is called: what it refers to may be gone. No call is answered.
  void retire() { retired_ = true; }

  /// Tells those who wait for an answer that never comes.
  void end() {
    runtime::envelope_list told = std::move(unanswered_);
    while (runtime::envelope* e = told.pop()) runtime::fail(*e, reason::shutdown);
  }

 private:
  struct entry {
    type_id message = {};
    handler handle;
  };

  class redirected final : public runtime::answerable, public runtime::reply_sink {
   public:
    redirected(stand_in& to, envelope& mail) : to_(to), mail_(&mail) {
      if (answerable const* const c = mail.call()) from = {this, c->from.call};
      to_itself = mail.to_itself;
    }
    std::coroutine_handle<> begin(runtime::incarnation& in) override {
      answered_ = to_.handle(in.number, *mail_);
      return {};
    }
    void finish() override {}
    void abandon() noexcept override {}
    type_id message_type() const noexcept override { return mail_->message_type(); }

    void deliver(answerable& answered) noexcept override {
      if (&answered != this) return fail_early(answered);
      answerable& m = *mail_.release()->call();
      m.failure = std::move(failure);
      if (answered_ || m.failure) {
        m.from.to->deliver(m);
      } else {
        to_.unanswered_.push(m);
      }
      delete this;
    }

   private:
    /// Its process is left behind, and still handles it.
    void fail_early(answerable& answered) noexcept {
      auto& instead = *new runtime::stand_in_answer(*mail_->call());
      runtime::fail(instead, *answered.failure);
      delete &answered;
    }

    stand_in& to_;
    std::unique_ptr<envelope> mail_;
    bool answered_ = true;
  };

  entry* find(type_id message) {
    auto at =
        std::find_if(current_.begin(), current_.end(), [&](entry const& e) { return e.message == message; });
    return at == current_.end() ? nullptr : &*at;
  }

  bool handle(std::uint64_t life, runtime::envelope& mail) {
    if (retired_ || life < life_) return false;  // or left behind, and the next one has begun
    if (life != life_) current_ = given_;
    life_ = life;
    if (entry* e = find(mail.message_type())) {
      handler running = std::exchange(e->handle, {});  // which may set the next one
      const bool answered = running(mail);
      e = find(mail.message_type());
      if (!e->handle) e->handle = std::move(running);
      return answered;
    }
    if (mail.call() == nullptr) return true;
    throw std::logic_error(std::string(detail::view(name_)) + " stands in and has no answer to " +
                           std::string(detail::view(mail.message_type())) + "; write sim.answer<" +
                           std::string(detail::view(name_)) + ", " +
                           std::string(detail::view(mail.message_type())) + ">(...)");
  }

  type_id name_;
  std::vector<entry> given_;
  std::vector<entry> current_;
  std::uint64_t life_ = 0;
  bool retired_ = false;
  runtime::envelope_list unanswered_;
};

/// The parameter of a callable with one parameter.
template <class F>
struct message_of : message_of<decltype(&F::operator())> {};
template <class R, class M>
struct message_of<R (*)(M)> {
  using type = std::remove_cvref_t<M>;
};
template <class R, class F, class M>
struct message_of<R (F::*)(M)> {
  using type = std::remove_cvref_t<M>;
};
template <class R, class F, class M>
struct message_of<R (F::*)(M) const> {
  using type = std::remove_cvref_t<M>;
};
template <class R, class F, class M>
struct message_of<R (F::*)(M) noexcept> {
  using type = std::remove_cvref_t<M>;
};
template <class R, class F, class M>
struct message_of<R (F::*)(M) const noexcept> {
  using type = std::remove_cvref_t<M>;
};

/// A handler of messages `M` to a `P`, from what a test gives: a function of the message, a value, `never` or
/// `dies`.
template <class P, class M, class Answer>
stand_in::handler make_handler(Answer given) {
  using R = detail::reply_of<M>;
  if constexpr (std::is_same_v<Answer, never>) {
    return [](runtime::envelope&) { return false; };
  } else if constexpr (std::is_same_v<Answer, dies>) {
    return [](runtime::envelope&) -> bool { throw injected_crash(); };
  } else {
    return [given = std::move(given)](runtime::envelope& mail) mutable {
      auto& m = static_cast<runtime::message<P, M>&>(mail);
      if constexpr (!std::is_invocable_v<Answer&, M>) {
        m.reply.emplace(given);
      } else if constexpr (std::is_void_v<R>) {
        static_cast<void>(given(std::move(m.content())));
      } else {
        R answered = given(std::move(m.content()));
        m.reply.emplace(std::move(answered));
      }
      return true;
    };
  }
}

/// Whether `make_handler` takes it.
template <class M, class Answer>
constexpr bool fits_as_answer() {
  using R = detail::reply_of<M>;
  if constexpr (std::is_same_v<Answer, never> || std::is_same_v<Answer, dies>) {
    return true;
  } else if constexpr (std::is_invocable_v<Answer&, M>) {
    return std::is_void_v<R> || std::is_convertible_v<std::invoke_result_t<Answer&, M>, R>;
  } else {
    return !std::is_void_v<R> && std::is_convertible_v<Answer const&, R>;
  }
}

}  // namespace testing
}  // namespace espalier
