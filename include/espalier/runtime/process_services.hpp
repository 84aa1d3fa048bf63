// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/process/ref.hpp>
#include <espalier/runtime/place.hpp>
#include <exception>
#include <new>

// What the code of processes asks of its runtime, and `process/` only declares.
namespace espalier::runtime {

/// The process is outside of its code while this lives, so that it is not left behind in between. One that
/// was left behind already has the constructor throw, or is false where that would end the program: while an
/// exception is under way, and in destructors.
class outside_code {
 public:
  [[gnu::always_inline]] explicit outside_code(incarnation& self) : outside_code(self, std::nothrow) {
    if (!is_outside_ && !self.only_destructs && std::uncaught_exceptions() == 0) throw quarantined();
  }
  [[gnu::always_inline]] outside_code(incarnation& self, std::nothrow_t)
      : self_(self), is_outside_(self.home.leave_code(self, whereabouts::in_context)) {}
  [[gnu::always_inline]] ~outside_code() {
    if (is_outside_) self_.held.enter();
  }
  outside_code(outside_code const&) = delete;
  outside_code& operator=(outside_code const&) = delete;

  explicit operator bool() const { return is_outside_; }

 private:
  incarnation& self_;
  bool const is_outside_;
};

inline delivery post(place& to, envelope& mail, bool may_wait) { return to.post(mail, may_wait); }
inline delivery post(child_address const& to, envelope& mail, bool may_wait) {
  return to.at == nullptr ? delivery{} : to.at->post(mail, may_wait, to.generation);
}
// One function for all, and not a part of each place that sends. Most that is sent goes to a mailbox without
// a bound, and may wait there. What else there is to do is done in functions of their own, so that this way
// needs no stack.
[[gnu::noinline]] inline delivery send_with_care(incarnation& self, child_address const& to, envelope& mail) {
  const outside_code now(self);
  if (!now || to.at == nullptr) return {};
  return to.at->post(mail, mail.call() == nullptr || self.home.calls_may_wait(), to.generation);
}
[[gnu::noinline]] inline delivery send_with_care(incarnation& self, place& to, envelope& mail) {
  return send_with_care(self, child_address{&to, 0}, mail);
}
[[gnu::noinline]] inline delivery wake(incarnation& self, place& receiver) {
  receiver.submit();
  self.held.enter();
  return {true};
}
/// Nothing is asked of the receiver before the sender is known not to be left behind: then it may be gone.
[[gnu::always_inline]] inline bool may_be_put(incarnation& self, place const& to, envelope const& mail,
                                              std::uint64_t generation = 0) {
  return self.held.leave(whereabouts::in_context) && to.takes_at_once() &&
         (!mail.is_answerable() || self.home.calls_may_wait()) && (generation == 0 || to.is_of(generation));
}
[[gnu::noinline]] inline delivery put_with_care(incarnation& self, place& to, envelope& mail) {
  const pushed what = to.was_put_in_row(mail) ? pushed::queued : to.put(mail);
  if (what == pushed::wakes) return wake(self, to);
  self.held.enter();
  return {what != pushed::refused};
}
[[gnu::noinline]] inline delivery put(incarnation& self, place& to, envelope& mail) {
  const in_row kept = to.put_in_row(mail);
  if (kept == in_row::perhaps) return put_with_care(self, to, mail);
  const pushed what = kept == in_row::yes ? pushed::queued : to.put(mail);
  if (what == pushed::wakes) return wake(self, to);
  self.held.enter();
  return {what != pushed::refused};
}
[[gnu::noinline]] inline delivery send(incarnation& self, place& to, envelope& mail) {
  return may_be_put(self, to, mail) ? put(self, to, mail) : send_with_care(self, to, mail);
}
[[gnu::noinline]] inline delivery send(incarnation& self, child_address const& to, envelope& mail) {
  if (to.at == nullptr || !may_be_put(self, *to.at, mail, to.generation)) {
    return send_with_care(self, to, mail);
  }
  mail.set_generation(to.generation);
  return put(self, *to.at, mail);
}
inline void wait_for_room(incarnation& self, place& to) {
  const outside_code now(self);
  if (!now) return;
  self.home.wait_for_room_as_server(to);
}
inline void suspend(incarnation& self, suspension& s, duration limit) {
  const outside_code now(self);
  if (!now) return;
  self.home.suspend(s, limit);
}
inline return_address next_call(incarnation& self) {
  const outside_code now(self);
  if (!now) return {};
  return self.home.next_call();
}
inline std::uint64_t send_later(incarnation& self, std::unique_ptr<envelope> mail, duration delay,
                                duration period) {
  const outside_code now(self);
  if (!now || self.only_destructs) return {};
  return self.home.send_later(std::move(mail), delay, period);
}
inline std::uint64_t send_later(incarnation& self, plain_mail const& mail, duration delay) {
  const outside_code now(self);
  if (!now || self.only_destructs) return {};
  return self.home.send_later(mail, delay);
}
inline bool cancel_later(incarnation& self, std::uint64_t number) {
  const outside_code now(self, std::nothrow);
  return now && self.home.cancel_later(number);
}
inline void ask_supervisor_of(incarnation& self, place& of, child_request& r) {
  const outside_code now(self);
  if (!now) return;
  r.asked_by = &self.home;
  of.ask_supervisor(r);
}
inline std::uint64_t monitor(incarnation& self, place& target, death_notice notice,
                             std::uint64_t generation) {
  const outside_code now(self);
  if (!now || self.only_destructs) return {};
  auto b = std::make_shared<bond>(bond{.kind = bond_kind::monitor,
                                       .owner = &self.home,
                                       .owner_life = self.number,
                                       .target = &target,
                                       .notice = std::move(notice)});
  self.home.own(b);
  target.watch(b, generation);
  return b->number;
}
inline bool demonitor(incarnation& self, std::uint64_t number) {
  const outside_code now(self, std::nothrow);
  return now && self.home.cancel_bond(number);
}

inline void link(incarnation& self, place& other, death_notice to_self, death_notice to_other,
                 std::uint64_t generation) {
  const outside_code now(self);
  if (!now || self.only_destructs || self.home.find_link(other) != nullptr) return;
  auto forth = std::make_shared<bond>(bond{.kind = bond_kind::link,
                                           .owner = &self.home,
                                           .owner_life = self.number,
                                           .target = &other,
                                           .notice = std::move(to_self)});
  auto back = std::make_shared<bond>(bond{.kind = bond_kind::link,
                                          .owner = &other,
                                          .target = &self.home,
                                          .born_in = self.number,
                                          .notice = std::move(to_other)});
  if (other.own(back, generation)) self.home.watch(back);
  self.home.own(forth);
  other.watch(forth, generation);
}
inline void unlink(incarnation& self, place& other) {
  const outside_code now(self);
  if (!now) return;
  if (const auto forth = self.home.find_link(other)) self.home.cancel_bond(forth->number);
  if (const auto back = other.find_link(self.home)) other.cancel_bond(back->number);
}
inline void exit(incarnation& self, place& to, exit_reason why, death_notice notice,
                 std::uint64_t generation) {
  const outside_code now(self);
  if (!now) return;
  notice.fill_in(self.shown_number, why);
  const bool is_trappable = !(why == reason::killed);
  to.post({std::move(why), is_trappable}, std::move(notice.mail), generation);
}
inline bool is_stopping(incarnation const& self) noexcept {
  return self.left.load(std::memory_order_relaxed) || self.home.is_stopping();
}
inline place& neighbour(place& self, std::size_t position) { return self.neighbour(position); }
inline place& partition(place& first, std::size_t number) { return first.partition(number); }
inline std::size_t partition_number(place const& self) { return self.about().number; }
inline void const* environment_of(place& self, std::size_t position) { return self.environment(position); }

inline answerable* ask_dynamic(incarnation& self, std::size_t position, answerable& r) {
  const outside_code now(self);
  return now ? self.home.ask_dynamic(position, r) : nullptr;
}
inline void ask_supervisor_of(child_address const& child, envelope& r) { child.at->ask_supervisor(r); }
inline void ask_supervisor_of(incarnation& self, child_address const& child, envelope& r) {
  const outside_code now(self);
  if (!now) return;
  ask_supervisor_of(child, r);
}

}  // namespace espalier::runtime
