// SEMANTICS 9 in one place without a tree: within one step of a simulation, nobody sees who is told first.
#include <espalier.hpp>

#include <doctest/doctest.h>

#include <deque>

namespace es = espalier;
namespace runtime = es::runtime;

namespace {

struct callee {
  struct fail {
    using reply = int;
  };
  struct end {
    using reply = int;
  };
  int handle(fail) { throw std::runtime_error("told to"); }
  int handle(end, es::context<callee>& self) {
    self.stop();
    return 1;
  }
};

template <int Number>
struct watcher {
  using calls = es::processes<callee>;
  struct monitor {};
  struct link {};
  void handle(monitor, es::context<watcher>& self) { self.template monitor<callee>(); }
  void handle(link, es::context<watcher>& self) { self.template link<callee>(); }
  void handle(es::down<callee>) {}
};
using monitoring = watcher<1>;
using linked = watcher<2>;

/// Is the supervisor, the caller and the worker of three places, and writes down who is told of what when.
class desk final : runtime::scheduler, runtime::parent, runtime::reply_sink {
 public:
  desk() {
    for (runtime::place* p : {&dying_, &monitoring_, &linked_}) p->start();
    work();
    send<monitoring>(monitoring_, monitoring::monitor{});
    send<linked>(linked_, linked::link{});
    work();
  }
  ~desk() {
    for (runtime::place* p : {&dying_, &monitoring_, &linked_}) p->kill();
    work();
  }

  template <class M>
  std::string told_after(M m) {
    send<callee>(dying_, runtime::return_address{this, 1}, m);
    send<callee>(dying_, runtime::return_address{this, 2}, m);  // queued
    work();
    return log_;
  }

 private:
  template <class P>
  runtime::place_plan plan() {
    runtime::place_plan p;
    p.about = &about_;
    p.make = [](runtime::place& at, runtime::life_number which) -> std::unique_ptr<runtime::incarnation> {
      return std::make_unique<runtime::life<P>>(at, which);
    };
    p.neighbours = neighbours_;
    p.told = this;
    p.runs = this;
    return p;
  }
  template <class P, class M>
  void send(runtime::place& to, M m) {
    send<P>(to, runtime::return_address{}, m);
  }
  template <class P, class M>
  void send(runtime::place& to, runtime::return_address from, M m) {
    auto mail = std::make_unique<runtime::message<P, M>>(std::in_place, m);
    if constexpr (es::detail::call_message<M>) mail->from = from;
    if (to.post(*mail, true)) static_cast<void>(mail.release());
  }
  void work() {
    while (!ready_.empty()) {
      runtime::runnable* const next = ready_.front();
      ready_.pop_front();
      next->run();
    }
  }

  void submit(runtime::runnable& r) override {
    if (&r == &monitoring_ && has_ended_) log_ += "monitor ";
    if (&r == &linked_ && has_ended_) log_ += "link ";
    ready_.push_back(&r);
  }
  es::instant now() override { return {}; }
  void arm(runtime::timer&, es::instant) override {}
  bool disarm(runtime::timer&) override { return false; }

  void tell(runtime::notice n) noexcept override {
    if (n.what != runtime::notice_kind::ended || n.child != 0 || has_ended_) return;
    has_ended_ = true;
    log_ += "supervisor ";
  }
  void take_request(runtime::envelope& r, es::plan::child_index) noexcept override { delete &r; }

  void deliver(runtime::answerable& answered) noexcept override {
    log_ += answered.failure ? "caller " : "answered ";
    delete &answered;
  }

  es::record about_{};
  std::deque<runtime::runnable*> ready_;
  std::string log_;
  bool has_ended_ = false;
  runtime::place* neighbours_[1] = {&dying_};
  runtime::place_plan plans_[3] = {plan<callee>(), plan<monitoring>(), plan<linked>()};
  runtime::place dying_{plans_[0], 0};
  runtime::place monitoring_{plans_[1], 1};
  runtime::place linked_{plans_[2], 2};
};

TEST_CASE("a death is told to the supervisor, then to links and monitors, then to callers (SEMANTICS 9)") {
  CHECK(desk().told_after(callee::fail{}) == "supervisor monitor link caller caller ");
  CHECK(desk().told_after(callee::end{}) == "answered supervisor monitor link caller ");
}

}  // namespace
