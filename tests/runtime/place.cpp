// A place without a pool, one turn at a time: what a turn takes, and where a row of casts is left off.
#include <espalier.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace es = espalier;
namespace runtime = es::runtime;

namespace {

std::string log;
int lives_without_memory = 0;        // of the next ones
std::function<void()> during_start;  // of a process, like the next one
std::function<void()> during_end;

struct worker {
  struct note {
    int number;
  };
  struct talk {
    std::string text;
  };
  struct sleep {};
  struct fail {};
  struct end {};
  struct again {
    int left;
  };
  struct remind {
    int number = 1;
  };
  struct ask {
    using reply = int;
  };

  void handle(note m) { log += std::to_string(m.number) + ' '; }
  void handle(talk const& m) { log += m.text + ' '; }
  es::task<void> handle(sleep, es::context<worker>& self) {
    log += "falls-asleep ";
    co_await self.sleep(es::duration{1});
    log += "awakes ";
  }
  void handle(fail) { throw std::runtime_error("told to"); }
  void handle(end, es::context<worker>& self) { self.stop(); }
  void handle(again m, es::context<worker>& self) {
    log += "again ";
    if (m.left != 0) self.cast<worker, again>(m.left - 1);
  }
  void handle(remind m, es::context<worker>& self) { self.send_after(es::duration{1}, note{m.number}); }
  int handle(ask) {
    log += "asked ";
    return 1;
  }
};

struct watched_life final : runtime::life<worker> {
  using life::life;
  bool construct(void const* arguments) override {
    if (during_start) std::exchange(during_start, {})();
    return life::construct(arguments);
  }
  void destroy() noexcept override {
    if (during_end) std::exchange(during_end, {})();
    life::destroy();
  }
};

/// The place's supervisor, worker and clock. A turn has at most eight messages. Of a process that runs code
/// of its own where there is something to be said of that, the first life is up.
class desk final : runtime::scheduler, runtime::parent, runtime::reply_sink {
 public:
  explicit desk(runtime::own_code code = {}, bool is_used_once = false) : plan_(plan(code, is_used_once)) {
    begin();
    turn();
    log.clear();
  }
  ~desk() {
    at.kill();
    while (turn()) continue;
  }

  void begin() {
    if (at.start().is_up) log += "started ";
  }
  void start() {
    begin();
    CHECK(turn());
  }
  void end() {
    cast(worker::end{});
    turn();
    log.clear();
  }
  template <class... M>
  void cast(M... m) {
    (post(m, {}), ...);
  }
  void call() { post(worker::ask{}, {this, 1}); }
  /// Answers false if the place is at rest.
  bool turn() {
    if (!std::exchange(is_ready_, false)) return false;
    at.run();
    return true;
  }
  void starts_again_when_told() { starts_again_ = true; }
  void stops_again_when_told() { stops_again_ = true; }
  void stops_when_started() { stops_when_started_ = true; }
  runtime::scheduler& clock() { return *this; }
  void awake() {
    timer_->expire();
    turn();
  }

 private:
  runtime::place_plan plan(runtime::own_code code, bool is_used_once) {
    runtime::place_plan p;
    p.about = &about_;
    p.make = [](runtime::place& home, runtime::life_number which) -> std::unique_ptr<runtime::incarnation> {
      if (lives_without_memory != 0) {
        --lives_without_memory;
        throw std::bad_alloc();
      }
      return std::make_unique<watched_life>(home, which);
    };
    p.told = this;
    p.runs = this;
    p.code = code;
    p.is_used_once = is_used_once;
    return p;
  }
  template <class M>
  void post(M m, runtime::return_address from) {
    auto mail = std::make_unique<runtime::message<worker, M>>(std::in_place, std::move(m));
    if constexpr (es::detail::call_message<M>) mail->from = from;
    if (at.post(*mail, true)) {
      static_cast<void>(mail.release());
    } else {
      log += "refused ";
    }
  }
  void submit(runtime::runnable&) override { is_ready_ = true; }
  bool may_run_here() const override { return true; }
  int batch() const override { return 8; }
  es::instant now() override { return now_; }
  es::instant not_before_now() override { return reading.value_or(now_); }
  void arm(runtime::timer& t, es::instant due) override {
    timer_ = &t;
    now_ = due;
  }
  bool disarm(runtime::timer&) override { return false; }
  void tell(runtime::notice n) noexcept override {
    if (n.what == runtime::notice_kind::started) {
      log += "started ";
      if (std::exchange(stops_when_started_, false)) at.stop();
    }
    if (n.what == runtime::notice_kind::start_failed) log += "not-started ";
    if (n.what != runtime::notice_kind::ended) return;
    log += n.why.to_string() + "; ";
    if (std::exchange(starts_again_, false)) begin();
    if (std::exchange(stops_again_, false)) at.stop();
  }
  void take_request(runtime::envelope& r, es::plan::child_index) noexcept override { delete &r; }
  void deliver(runtime::answerable& answered) noexcept override {
    log += answered.failure ? "failed " : "answered ";
    delete &answered;
  }

  es::record about_{};
  runtime::place_plan plan_;
  bool is_ready_ = false;
  bool starts_again_ = false;
  bool stops_again_ = false;
  bool stops_when_started_ = false;
  es::instant now_{};
  runtime::timer* timer_ = nullptr;

 public:
  std::optional<es::instant> reading;  // of the clock that is cheap to read
  runtime::place at{plan_, 0};
};

using note = worker::note;

TEST_CASE("a turn handles what had come when it began, also after a turn that was too short for all") {
  desk d;
  for (int i = 1; i <= 10; ++i) d.cast(note{i});
  CHECK(d.turn());
  CHECK(log == "1 2 3 4 5 6 7 8 ");
  d.cast(note{11}, note{12});
  log.clear();
  CHECK(d.turn());
  CHECK(log == "9 10 11 12 ");
  while (d.turn()) continue;
  CHECK(log == "9 10 11 12 ");
}

TEST_CASE("a process that sends itself something handles that in its next turn") {
  desk d;
  d.cast(worker::again{2});
  CHECK(d.turn());
  CHECK(log == "again ");
  CHECK(d.turn());
  CHECK(log == "again again ");
  CHECK(d.turn());
  CHECK(log == "again again again ");
  while (d.turn()) continue;
  CHECK(log == "again again again ");
}

TEST_CASE("casts with and without a destructor and calls are handled in the order in which they came") {
  desk d;
  d.cast(note{1}, note{2}, worker::talk{"three"}, note{4});
  d.call();
  d.cast(note{5});
  d.turn();
  CHECK(log == "1 2 three 4 asked answered 5 ");
}

TEST_CASE("a process that sleeps in the middle of a row of casts goes on where it left off") {
  desk d;
  d.cast(note{1}, note{2}, worker::sleep{}, note{3});
  d.turn();
  CHECK(log == "1 2 falls-asleep ");
  d.cast(note{4});
  d.awake();
  while (d.turn()) continue;
  CHECK(log == "1 2 falls-asleep awakes 3 4 ");
}

TEST_CASE(
    "what stands behind a cast that crashes goes with the incarnation, and is not handled by the next") {
  desk d;
  d.cast(note{1}, worker::fail{}, note{2});
  d.call();
  d.turn();
  CHECK(log == "1 crashed: std::runtime_error: told to; failed ");
  log.clear();
  d.cast(note{3});  // waits for the next one
  d.start();
  while (d.turn()) continue;
  CHECK(log == "started 3 ");
}

TEST_CASE("what is sent later with one delay comes in order, whichever worker's clock tells the time") {
  desk d;
  d.reading = es::instant{10};
  d.cast(worker::remind{1});
  d.turn();
  d.reading = es::instant{7};  // by another worker, which has read its clock before
  d.cast(worker::remind{2});
  d.turn();
  d.awake();
  while (d.turn()) continue;
  CHECK(log == "1 2 ");
}

bool has_memory = true;
struct heavy final : runtime::envelope {
  heavy(std::in_place_t, int) {
    if (!has_memory) throw std::bad_alloc();
  }
  std::coroutine_handle<> begin(runtime::incarnation&) override { return {}; }
  void finish() override {}
  void abandon() noexcept override {}
  es::type_id message_type() const noexcept override { return es::id_of<heavy>; }
};

TEST_CASE("what there is no memory for when it is due is looked at again a while later, and comes then") {
  desk d;
  runtime::timing later(d.at, d.clock());
  later.send_later(d.clock(), runtime::as_plain<heavy>(1), es::duration{10});
  const es::instant due = d.clock().now();
  has_memory = false;
  CHECK(later.take_due(d.clock()).empty());
  CHECK(d.clock().now() == due + es::duration{1'000'000});
  has_memory = true;
  runtime::envelope_list came = later.take_due(d.clock());
  runtime::envelope* const mail = came.pop();
  REQUIRE(mail != nullptr);
  CHECK(came.empty());
  delete mail;
}

TEST_CASE("a process that stops itself in a row of casts handles no other") {
  desk d;
  d.cast(note{1}, worker::end{}, note{2});
  d.turn();
  CHECK(log == "1 normal; ");
}

constexpr runtime::own_code starts_at_once{.builds = false, .inits = false};
constexpr runtime::own_code ends_at_once{.ends = false};
constexpr runtime::own_code no_code{.builds = false, .inits = false, .ends = false};

TEST_CASE("a process that needs no code to be built is up when its start returns, without a turn") {
  static_assert(runtime::is_built_at_once<worker>);
  desk d(starts_at_once);
  d.end();
  d.begin();
  CHECK(log == "started ");
  CHECK(d.at.is_alive());
  CHECK_FALSE(d.turn());
  d.cast(note{1});
  CHECK(d.turn());
  CHECK(log == "started 1 ");
}

TEST_CASE("a process that is built at once takes what has waited for it, and a stop") {
  desk d(starts_at_once);
  d.end();
  d.cast(note{1}, note{2});
  d.begin();
  CHECK(log == "started ");
  d.turn();
  CHECK(log == "started 1 2 ");
  d.at.stop();
  d.turn();
  CHECK(log == "started 1 2 shutdown; ");
}

TEST_CASE("a process for which there was no memory when it was to be built at once is built in a turn") {
  desk d(starts_at_once);
  d.end();
  lives_without_memory = 1;
  d.begin();
  CHECK(log.empty());
  CHECK_FALSE(d.at.is_alive());
  CHECK(d.turn());
  CHECK(log == "started ");
  d.cast(note{1});
  d.turn();
  CHECK(log == "started 1 ");
}

TEST_CASE("a process that is started again while it ends goes on in that turn, with what had waited") {
  for (const runtime::own_code code : {runtime::own_code{}, starts_at_once}) {
    desk d(code);
    d.cast(worker::end{}, note{1});
    d.starts_again_when_told();
    CHECK(d.turn());
    CHECK(log == "normal; started ");
    CHECK(d.at.is_alive());
    CHECK_FALSE(d.turn());
    d.cast(note{2});
    d.turn();
    CHECK(log == "normal; started 2 ");
  }
}

TEST_CASE("a start waits for a turn, and for what is stopped before that no life is built") {
  desk d;
  d.end();
  d.cast(note{1});
  d.begin();
  CHECK(log.empty());
  d.at.stop();
  CHECK(d.turn());
  CHECK(log == "not-started ");
  CHECK_FALSE(d.at.is_alive());
  CHECK_FALSE(d.turn());
  log.clear();
  d.start();  // the next one has not been stopped
  while (d.turn()) continue;
  CHECK(log == "started 1 ");
}

TEST_CASE("a process that is stopped and started again while it ends is started once, and not built") {
  desk d;
  d.cast(worker::end{});
  d.starts_again_when_told();
  d.stops_again_when_told();
  CHECK(d.turn());
  CHECK(log == "normal; not-started ");
  CHECK_FALSE(d.turn());
}

TEST_CASE("a process at rest that needs no code to end has ended when its stop returns, without a turn") {
  static_assert(runtime::is_ended_at_once<worker>);
  desk d(ends_at_once);
  d.at.stop();
  CHECK(log == "shutdown; ");
  CHECK_FALSE(d.at.is_alive());
  CHECK_FALSE(d.turn());
  log.clear();
  d.cast(note{1});  // waits for the next one
  d.start();
  while (d.turn()) continue;
  CHECK(log == "started 1 ");
  log.clear();
  d.at.kill();
  CHECK(log == "killed; ");
  CHECK_FALSE(d.turn());
}

TEST_CASE("a process that is ended at once may be started again at once") {
  desk d(ends_at_once);
  d.starts_again_when_told();
  d.at.stop();
  CHECK(log == "shutdown; ");
  CHECK(d.turn());
  CHECK(log == "shutdown; started ");
  d.cast(note{1});
  CHECK(d.turn());
  CHECK(log == "shutdown; started 1 ");
  CHECK_FALSE(d.turn());
}

TEST_CASE("a process that has something to do, or to wait for, takes a turn to end") {
  desk d(ends_at_once);
  SUBCASE("a message") { d.call(); }
  SUBCASE("a sleep") {
    d.cast(worker::sleep{});
    d.turn();
    CHECK(log == "falls-asleep ");
  }
  SUBCASE("a timer") {
    d.cast(worker::remind{});
    d.turn();
  }
  log.clear();
  d.at.stop();
  CHECK(log.empty());
  CHECK(d.turn());
  CHECK(log.find("shutdown; ") != std::string::npos);
  CHECK_FALSE(d.at.is_alive());
}

TEST_CASE("a process that stops itself in its only message tells who has sent something meanwhile") {
  for (const runtime::own_code code : {runtime::own_code{}, ends_at_once}) {
    desk d(code);
    during_end = [&] { d.call(); };
    d.cast(worker::end{});
    CHECK(d.turn());
    CHECK(log == "normal; failed ");
    CHECK_FALSE(d.at.is_alive());
    CHECK_FALSE(d.turn());
  }
}

TEST_CASE("nothing waits for the next life where there is to be none") {
  desk d({}, true);
  d.cast(worker::end{});
  d.turn();
  log.clear();
  d.cast(note{1});
  CHECK(log == "refused ");
  d.at.give_up_generation();
  CHECK(d.at.is_of(2));
  d.start();
  d.cast(note{2});
  while (d.turn()) continue;
  CHECK(log == "refused started 2 ");
}

TEST_CASE(
    "who stops itself in its only message is at rest then, and may be followed by another life at once") {
  for (const bool is_used_once : {false, true}) {
    desk d(no_code, is_used_once);
    d.starts_again_when_told();
    d.cast(worker::end{});
    CHECK(d.turn());
    CHECK(log == "normal; started ");
    CHECK(d.at.is_alive());
    CHECK_FALSE(d.turn());
    d.cast(note{1});
    d.turn();
    CHECK(log == "normal; started 1 ");
  }
}

TEST_CASE("a parked process for which there is no memory is built in a turn") {
  desk d(no_code, true);
  d.end();
  lives_without_memory = 2;
  d.begin();
  CHECK(log.empty());
  while (d.turn()) continue;
  CHECK(log == "started ");
  CHECK(d.at.is_alive());
}

TEST_CASE("an exit signal that came in the gap reaches the life that begins next") {
  runtime::own_code code = no_code;
  SUBCASE("a process that is built at once") {}
  SUBCASE("one that a worker builds") { code.builds = true; }
  desk d(code);
  d.end();
  d.at.signal({es::reason::killed, false});
  while (d.turn()) continue;
  d.begin();
  while (d.turn()) continue;
  CHECK(log == "started killed; ");
}

TEST_CASE("an exit signal or a stop that comes while a process starts is not overlooked") {
  runtime::own_code code = no_code;
  code.builds = true;
  desk d(code);
  d.end();
  SUBCASE("a signal") {
    during_start = [&] { d.at.signal({es::reason::killed, false}); };
    d.begin();
    while (d.turn()) continue;
    CHECK(log == "started killed; ");
  }
  SUBCASE("a stop, of what is up by then") {
    d.stops_when_started();
    d.begin();
    while (d.turn()) continue;
    CHECK(log == "started shutdown; ");
  }
}

TEST_CASE("who calls a process while it is ended at once is told, and not kept waiting") {
  desk d(ends_at_once);
  during_end = [&] { d.call(); };  // as from another thread
  d.at.stop();
  CHECK(log == "shutdown; failed ");
  CHECK_FALSE(d.turn());
}

struct with_init {
  void init() {}
};
struct with_code {
  with_code() {}
};
struct with_context {
  explicit with_context(es::context<with_context>&) {}
};
struct with_state {
  int number = 7;
  char const* text = "text";
};
struct with_much_state {
  char state[8192] = {};
};
struct that_allocates {
  std::vector<int> numbers = std::vector<int>(3);
};
struct that_knows_the_compiler {
  constexpr that_knows_the_compiler() {
    if (!std::is_constant_evaluated()) throw 1;
  }
};

struct with_terminate {
  void terminate() {}
};
struct with_reason {
  void terminate(es::exit_reason const&) {}
};
struct with_reason_and_context {
  void terminate(es::exit_reason const&, es::context<with_reason_and_context>&) {}
};
struct with_destructor {
  ~with_destructor() {}
};

TEST_CASE("what is trivially destroyed, and has no terminate, runs no code at its end") {
  static_assert(runtime::is_ended_at_once<with_state>);
  static_assert(runtime::is_ended_at_once<with_init>);
  static_assert(!runtime::is_ended_at_once<with_terminate>);
  static_assert(!runtime::is_ended_at_once<with_reason>);
  static_assert(!runtime::is_ended_at_once<with_reason_and_context>);
  static_assert(!runtime::is_ended_at_once<with_destructor>);
  static_assert(!runtime::is_ended_at_once<that_allocates>);
}

TEST_CASE("built at once is what the compiler can build, and what has nothing to do at its start") {
  static_assert(runtime::is_built_at_once<with_state>);
  static_assert(!runtime::is_built_at_once<with_init>);
  static_assert(!runtime::is_built_at_once<with_code>);
  static_assert(!runtime::is_built_at_once<with_context>);
  static_assert(!runtime::is_built_at_once<with_much_state>);
  static_assert(!runtime::is_built_at_once<that_allocates>);
  static_assert(!runtime::is_built_at_once<that_knows_the_compiler>);
}

}  // namespace
