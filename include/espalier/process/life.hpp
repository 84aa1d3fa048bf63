// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/process_check.hpp>
#include <new>

namespace espalier::runtime {

template <class P>
concept has_init = requires(P& p) {
  p.init();
}
|| requires(P& p, context<P>& self) { p.init(self); };

template <class P>
concept is_constant = noexcept(P{}) && requires {
  typename std::integral_constant<int, (static_cast<void>(P{}), 0)>;
};

/// Whether building a `P` as `life` does runs nothing that could fail, block or be seen: the compiler can do
/// it, nothing of it throws, and there is no `init`. Of large types it is not asked.
template <class P>
concept is_built_at_once = sizeof(P) <= 4096 && !has_init<P> &&
                           (std::is_aggregate_v<P> ||
                            !std::is_constructible_v<P, context<P>&>)&&is_constant<P>;

/// Whether a `P` that is at rest ends without any code of its own.
template <class P>
concept is_ended_at_once = std::is_trivially_destructible_v<P> && !detail::has_terminate<P>;

/// An incarnation of a process of type `P`: its state and its context in one block. It begins with
/// `P(context&)` if there is such a constructor, and with `P()` otherwise. A tree has one for each process,
/// so it is all of one class: what a class and its functions cost the compiler adds up.
template <class P>
class life : public incarnation {
 public:
  life(place& at, life_number which) : incarnation(at, which), self_(*this) {}
  ~life() noexcept override { destroy(); }

  bool construct(void const*) override {
    void* where = static_cast<void*>(&process_);
    if constexpr (std::is_aggregate_v<P>) {
      ::new (where) P{};
    } else if constexpr (requires(context<P> & self) { P(self); }) {
      ::new (where) P(self_);
    } else if constexpr (requires { P(); }) {
      ::new (where) P();
    } else {
      return false;  // said by node_check
    }
    built_ = true;
    return true;
  }

  std::coroutine_handle<> begin_init() override {
    if constexpr (requires(P & p, context<P> & self) { p.init(self); }) {
      return drive([&]() -> decltype(auto) { return process_.init(self_); });
    } else if constexpr (requires(P & p) { p.init(); }) {
      return drive([&]() -> decltype(auto) { return process_.init(); });
    } else {
      return {};
    }
  }

  std::coroutine_handle<> begin_terminate([[maybe_unused]] exit_reason const& why) override {
    if constexpr (requires(P & p, context<P> & self) { p.terminate(why, self); }) {
      return drive([&]() -> decltype(auto) { return process_.terminate(why, self_); });
    } else if constexpr (requires(P & p) { p.terminate(why); }) {
      return drive([&]() -> decltype(auto) { return process_.terminate(why); });
    } else if constexpr (requires(P & p) { p.terminate(); }) {
      return drive([&]() -> decltype(auto) { return process_.terminate(); });
    } else {
      return {};
    }
  }

  void finish_activity() override {
    has_activity = false;
    if constexpr (may_suspend) std::exchange(activity_, {}).take();
  }

  void destroy() noexcept override {
    if constexpr (may_suspend) activity_.reset();
    if (built_) process_.~P();
    built_ = false;
  }

  P& process() { return process_; }
  context<P>& self() { return self_; }

 protected:
  template <class Function>
  std::coroutine_handle<> drive(Function function) {
    using result = decltype(function());
    if constexpr (std::is_same_v<result, task<void>>) {
      activity_ = function();
      has_activity = true;
      return activity_.start_in(loop);
    } else {
      static_cast<void>(function());
      return {};
    }
  }

  static constexpr bool may_suspend = std::is_same_v<detail::init_result<P>, task<void>> ||
                                      std::is_same_v<detail::terminate_result<P>, task<void>>;
  struct nothing {};

  bool built_ = false;
  union {
    P process_;
  };
  context<P> self_;
  [[no_unique_address]] std::conditional_t<may_suspend, task<void>, nothing> activity_;
};

/// The same for a dynamic child with start arguments.
template <class P>
class argument_life final : public life<P> {
 public:
  using life<P>::life;

  bool construct(void const* arguments) override {
    using tuple = typename detail::argument_tuple<typename detail::args_of<P>::type>::type;
    if constexpr (!std::is_copy_constructible_v<tuple>) {
      return false;  // said by node_check
    } else {
      tuple given = *static_cast<tuple const*>(arguments);
      std::apply([&](auto&... arg) { build(arg...); }, given);
      this->built_ = true;
      return true;
    }
  }

 private:
  template <class... Args>
  void build(Args&... arg) {
    void* where = static_cast<void*>(&this->process_);
    if constexpr (requires(context<P> & self) { P(self, std::move(arg)...); }) {
      ::new (where) P(this->self_, std::move(arg)...);
    } else if constexpr (requires { P(std::move(arg)...); }) {
      ::new (where) P(std::move(arg)...);
    } else if constexpr (requires { P{std::move(arg)...}; }) {
      ::new (where) P{std::move(arg)...};
    }
  }
};

/// The same for a child with a start function, which takes the start arguments too, if there are any.
template <class P, auto Start, class Arguments = arguments<>>
class started_life;
template <class P, auto Start, class... A>
class started_life<P, Start, arguments<A...>> final : public life<P> {
 public:
  using life<P>::life;

  bool construct([[maybe_unused]] void const* arguments) override {
    if constexpr (sizeof...(A) == 0) {
      return construct_from();
    } else if constexpr ((std::is_copy_constructible_v<A> && ...)) {
      std::tuple<A...> given = *static_cast<std::tuple<A...> const*>(arguments);
      return std::apply([&](auto&... arg) { return construct_from(arg...); }, given);
    } else {
      return false;  // said by node_check
    }
  }

 private:
  bool construct_from(A&... arg) {
    if constexpr (std::is_invocable_v<decltype(Start), context<P>&, A...>) {
      return build([&]() -> decltype(auto) { return Start(this->self_, std::move(arg)...); });
    } else if constexpr (std::is_invocable_v<decltype(Start), A...>) {
      return build([&]() -> decltype(auto) { return Start(std::move(arg)...); });
    } else {
      return false;  // said by node_check
    }
  }
  template <class Function>
  bool build(Function function) {
    using made = std::remove_cvref_t<decltype(function())>;
    void* where = static_cast<void*>(&this->process_);
    if constexpr (std::is_same_v<made, std::optional<P>>) {
      auto maybe = function();
      if (!maybe) return false;
      ::new (where) P(std::move(*maybe));
      this->built_ = true;
    } else if constexpr (std::is_same_v<made, P> || std::is_convertible_v<made, P>) {
      ::new (where) P(function());
      this->built_ = true;
    }
    return true;
  }
};

}  // namespace espalier::runtime
