// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/incarnation.hpp>
#include <type_traits>
#include <utility>

namespace espalier {

template <class P>
class context;

namespace detail {

template <class M>
concept call_message = requires {
  typename M::reply;
};

template <class M>
struct reply {
  using type = void;
};
template <call_message M>
struct reply<M> {
  using type = typename M::reply;
};
/// The type of the answer to `M`; void for a cast.
template <class M>
using reply_of = typename reply<M>::type;

template <class P, class M>
concept handles_with_context = requires(P& p, M&& m, context<P>& self) {
  p.handle(static_cast<M&&>(m), self);
};
template <class P, class M>
concept handles_alone = requires(P& p, M&& m) {
  p.handle(static_cast<M&&>(m));
};
template <class P, class M>
concept handles = handles_with_context<P, M> || handles_alone<P, M>;

template <class P, class M>
decltype(auto) call_handler(P& p, M& m, context<P>& self) {
  if constexpr (handles_with_context<P, M>) {
    return p.handle(std::move(m), self);
  } else {
    return p.handle(std::move(m));
  }
}

template <class P, class M>
using handler_result =
    decltype(call_handler(std::declval<P&>(), std::declval<M&>(), std::declval<context<P>&>()));

template <class T>
struct result_of_task {
  using type = T;
};
template <class T>
struct result_of_task<task<T>> {
  using type = T;
};

/// What the handler answers, through a task or not.
template <class P, class M>
using handled_as = typename result_of_task<handler_result<P, M>>::type;

template <class P, class M>
inline constexpr bool reply_fits =
    std::is_void_v<reply_of<M>> ? true : std::is_convertible_v<handled_as<P, M>, reply_of<M>>;

/// Builds a message from arguments, also an aggregate one.
template <class M, class... Args>
inline constexpr bool builds_with_parentheses = requires(Args&&... args) {
  M(static_cast<Args&&>(args)...);
};

}  // namespace detail

namespace runtime {

template <class P>
class life;

template <class M>
struct envelope_for {
  using type = envelope;
};
template <detail::call_message M>
struct envelope_for<M> {
  using type = request<detail::reply_of<M>>;
};
template <class M>
using message_base = typename envelope_for<M>::type;

/// A message of type `M` for a process of type `P`. A repeated one is sent by a timer again and again, and
/// each handling gets a copy.
template <class P, class M, bool Repeated = false>
class message final : public message_base<M> {
 public:
  template <class... Args>
  explicit message(std::in_place_t, Args&&... args)
      : message(tag<sizeof...(Args) != 0>{}, std::forward<Args>(args)...) {
    constexpr std::size_t block = block_cache::class_of(sizeof(message));
    constexpr bool is_silent = std::is_trivially_destructible_v<M> && !detail::call_message<M> &&
                               alignof(message) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ &&
                               block < block_cache::classes;
    this->silent_class_ = is_silent ? block + 1 : 0;
  }

  std::coroutine_handle<> begin(incarnation& in) override {
    auto& target = static_cast<life<P>&>(in);
    using result = detail::handler_result<P, M>;
    if constexpr (detail::is_task<result>) {
      frame_ = detail::call_handler(target.process(), body(), target.self());
      return frame_.start_in(in.loop);
    } else if constexpr (std::is_void_v<detail::reply_of<M>>) {
      static_cast<void>(detail::call_handler(target.process(), body(), target.self()));
    } else {
      this->reply.emplace(detail::call_handler(target.process(), body(), target.self()));
    }
    return {};
  }

  void finish() override {
    if constexpr (detail::is_task<detail::handler_result<P, M>>) {
      auto done = std::move(frame_);
      if constexpr (std::is_void_v<detail::reply_of<M>>) {
        static_cast<void>(done.take());
      } else {
        this->reply.emplace(done.take());
      }
    }
  }

  void abandon() noexcept override {
    if constexpr (detail::is_task<detail::handler_result<P, M>>) frame_.reset();
  }

  type_id message_type() const noexcept override { return id_of<M>; }

  /// What was sent.
  M& content() { return body_; }

 private:
  M& body() {
    if constexpr (Repeated) {
      return copy_.emplace(body_);
    } else {
      return body_;
    }
  }
  template <bool HasArguments>
  struct tag {};
  template <int>
  struct nothing {};

  template <class... Args>
  requires detail::builds_with_parentheses<M, Args...> message(tag<true>, Args&&... args)
      : body_(std::forward<Args>(args)...) {}
  template <class... Args>
  message(tag<true>, Args&&... args) requires(!detail::builds_with_parentheses<M, Args...>)
      : body_{std::forward<Args>(args)...} {}
  explicit message(tag<false>) : body_{} {}

  using frame = std::conditional_t<detail::is_task<detail::handler_result<P, M>>,
                                   detail::handler_result<P, M>, nothing<1>>;
  M body_;
  [[no_unique_address]] std::conditional_t<Repeated, std::optional<M>, nothing<0>> copy_;
  [[no_unique_address]] frame frame_;
};

}  // namespace runtime
}  // namespace espalier
