// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <coroutine>
#include <cstdint>
#include <espalier/process/blocks.hpp>
#include <espalier/process/exit_reason.hpp>
#include <espalier/tree/type_name.hpp>
#include <memory>
#include <optional>

namespace espalier::runtime {

class answerable;
class incarnation;

/// Takes the answer to a call: a process's place, or a thread outside the tree.
class reply_sink {
 public:
  /// Takes over `answered`, a request with its reply or its failure. Any thread.
  virtual void deliver(answerable& answered) noexcept = 0;

 protected:
  ~reply_sink() = default;
};

/// Where an answer goes, and which call it answers. A cast has none.
struct return_address {
  reply_sink* to = nullptr;
  std::uint64_t call = 0;
};

/// A message on its way, in one block with what its handling needs. It is small, because how many of them fit
/// into the cache is what many messages at once cost. As a block it is aligned to 16, which mailboxes need.
class envelope : public in_block {
 public:
  envelope() = default;
  envelope(envelope const&) = delete;
  envelope& operator=(envelope const&) = delete;
  virtual ~envelope() = default;

  /// Calls the handler. Answers the frame to drive if the handler suspended before it began, or null if it is
  /// done.
  virtual std::coroutine_handle<> begin(incarnation&) = 0;
  /// Takes the reply from a handler that was driven to its end. Throws what left it.
  virtual void finish() = 0;
  /// Destroys the handler's frame, if there is one.
  virtual void abandon() noexcept = 0;
  /// The type of the message.
  virtual type_id message_type() const noexcept = 0;

  /// The number of the timer that has the receiver send it to itself; 0 if there is none.
  std::uint64_t timed() const { return kind_ == kind::timed ? number_ : 0; }
  /// Whether that timer owns it, and sends it again.
  bool is_repeated() const { return is_repeated_; }
  void set_timed(std::uint64_t timer, bool is_repeated) {
    kind_ = kind::timed;
    number_ = timer;
    is_repeated_ = is_repeated;
    if (is_repeated) silent_class_ = 0;
  }
  /// The number of the receiver's monitor or link that it tells of; 0 if it tells of none.
  std::uint64_t bond() const { return kind_ == kind::notice ? number_ : 0; }
  void set_bond(std::uint64_t bond) { set(kind::notice, bond); }
  /// The generation of the dynamic child that it is meant for; 0 for any.
  std::uint64_t generation() const { return kind_ == kind::message ? number_ : 0; }
  void set_generation(std::uint64_t g) { set(kind::message, g); }
  /// Whether it is neither of a timer nor a notice.
  bool is_message() const { return kind_ == kind::message; }

  /// The same as what may be answered; null if nobody waits for an answer.
  inline answerable* call();
  inline answerable const* call() const;
  bool is_answerable() const { return is_answerable_; }

  envelope* next = nullptr;

 private:
  enum class kind : unsigned char { message, timed, notice };
  void set(kind k, std::uint64_t number) {
    kind_ = k;
    number_ = number;
    if (k != kind::message) silent_class_ = 0;
  }
  std::uint64_t number_ = 0;
  kind kind_ = kind::message;
  bool is_repeated_ = false;

 public:
  bool to_itself = false;  // sent by its receiver
  bool is_answer = false;  // on its way back

 protected:
  bool is_answerable_ = false;
  // If there is nothing to be done when it is destroyed, and nothing to be looked up before it is handled:
  // the class of its block and 1.
  std::uint8_t silent_class_ = 0;

 public:
  /// Whether it is one that may be freed after the process has gone on, and without its destructor.
  bool is_freed_silently() const { return silent_class_ != 0; }
  /// Frees such a one, once it has been handled. `mine` is the calling thread's.
  [[gnu::always_inline]] static void free_silently(envelope& e,
                                                   block_cache* mine = block_cache::current) noexcept {
    if (!recycles_blocks || mine == nullptr) {
      ::operator delete(&e);
    } else {
      mine->give(&e, e.silent_class_ - 1U);
    }
  }
};

/// One that may be sent as a call. Then it carries the answer back.
class answerable : public envelope {
 public:
  answerable() { is_answerable_ = true; }

  return_address from;
  reason_box failure;  // of a call; while it is kept, why the last incarnation ended
};

inline answerable const* envelope::call() const {
  if (!is_answerable_) return nullptr;
  auto* const a = static_cast<answerable const*>(this);
  return a->from.to == nullptr ? nullptr : a;
}
inline answerable* envelope::call() {
  return const_cast<answerable*>(static_cast<envelope const*>(this)->call());
}

/// A request whose answer is an `R`.
template <class R>
class request : public answerable {
 public:
  std::optional<R> reply;
};
template <>
class request<void> : public answerable {};

/// Answers a call with its reply, or drops a cast that was handled.
inline void give_back(envelope& e) noexcept {
  if (e.is_repeated()) return;
  if (answerable* const c = e.call()) {
    c->from.to->deliver(*c);
  } else {
    delete &e;
  }
}

/// Answers a call with the reason why there is no reply, or drops a cast.
inline void fail(envelope& e, exit_reason const& why) noexcept {
  if (answerable* const c = e.call()) c->failure = why;
  give_back(e);
}

/// What became of a message that was put into a mailbox. It is one byte, so that who only hands it on needs
/// no stack.
class delivery {
 public:
  delivery() = default;
  delivery(bool is_taken, bool is_full = false) : what_(is_full ? full : is_taken ? taken : refused) {}

  /// Whether it is not its sender's any more.
  explicit operator bool() const { return what_ != refused; }
  /// Whether its sender is to wait until there is room, too.
  bool is_full() const { return what_ == full; }

 private:
  enum : unsigned char { refused, taken, full } what_ = refused;
};

/// Whether the bound of a mailbox applies to it: not to timers, notices and messages to oneself.
inline bool is_bounded(envelope const& e) { return e.is_message() && !e.to_itself; }

/// First in, first out, through `envelope::next`.
class envelope_list {
 public:
  envelope_list() = default;
  envelope_list(envelope_list&& other) noexcept { swap(other); }
  envelope_list& operator=(envelope_list&& other) noexcept {
    swap(other);
    return *this;
  }

  bool empty() const { return first_ == nullptr; }
  void push(envelope& e) {
    e.next = nullptr;
    push_chain(e, e);
  }
  /// From `first` to `last`, which are linked, and `last` to null.
  void push_chain(envelope& first, envelope& last) {
    (empty() ? first_ : last_->next) = &first;
    last_ = &last;
  }
  void push_first(envelope& e) {
    e.next = first_;
    if (empty()) last_ = &e;
    first_ = &e;
  }
  void push_all(envelope_list more) {
    if (!more.empty()) push_chain(*more.first_, *more.last_);
  }
  envelope* pop() {
    envelope* const e = first_;
    if (e != nullptr) first_ = e->next;
    return e;
  }

  envelope* first() const { return first_; }
  /// Takes out the oldest of those that a bound applies to.
  envelope* pop_bounded() {
    envelope_list before;
    envelope* found = nullptr;
    while (found == nullptr && !empty()) {
      envelope* e = pop();
      if (is_bounded(*e)) {
        found = e;
      } else {
        before.push(*e);
      }
    }
    before.push_all(std::move(*this));
    swap(before);
    return found;
  }

 private:
  void swap(envelope_list& other) {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
  }
  envelope* first_ = nullptr;
  envelope* last_ = nullptr;  // if there are any
};

}  // namespace espalier::runtime
