// Runs cases on Espalier's engine and prints what happened; cases.py says what a case looks like.
//
// usage: espalier_side [--plant WHAT] FILE
//
// The tree is made of records built at run time, its processes do what the case says, and time is virtual.
// `--plant` makes this side wrong on purpose, to see that the comparison notices.
#include <espalier.hpp>
#include <espalier/testing.hpp>

#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace es = espalier;
using namespace es::literals;

namespace {

using words = std::vector<std::string>;

/// What happened, line by line.
using transcript = std::vector<std::string>;

/// What a process of the case does, whichever incarnation it is.
struct role {
  std::string name;
  std::string on_stop = "obey";
  std::deque<std::string> starts{};  // what the next starts do
  transcript* said = nullptr;
  role* pattern = nullptr;  // of a dynamic supervisor's child
  bool running = false;
  std::size_t end_line = 0;                   // where its last end was said
  es::runtime::child_address where{};         // of a dynamic supervisor's child
  std::deque<role const*> came_up{}, died{};  // of a pattern: whose supervisor has not heard of it yet
};

/// A process that does what its role says.
class actor {
 public:
  struct finish {
    std::string why;
  };
  using needs = es::environment<role*>;

  explicit actor(role& plays) : role_(&plays) {}

  static std::optional<actor> make(es::context<actor>& self) {
    return make_as(*self.environment<role*>(), self);
  }
  static std::optional<actor> make_as(role& plays, es::context<actor>& self) {
    std::string outcome = "ok";
    if (!plays.starts.empty()) {
      outcome = plays.starts.front();
      plays.starts.pop_front();
    }
    if (outcome == "fail") fail(plays);
    if (outcome == "ignore") {
      plays.said->push_back("declined " + plays.name);
      return {};
    }
    actor made(plays);
    if (outcome == "fail_late") {
      made.fails_in_init_ = true;
    } else if (outcome != "ok") {
      self.cast<actor, finish>(outcome);
    }
    return made;
  }

  void init() {
    if (fails_in_init_) fail(*role_);
    role_->running = true;
    if (role_->pattern != nullptr) role_->pattern->came_up.push_back(role_.get());
  }

  void handle(finish const& m, es::context<actor>& self) {
    finished_ = true;
    if (m.why == "crash") throw std::runtime_error(role_->name);
    const es::reason why = m.why == "normal" ? es::reason::normal
                           : m.why == "kill" ? es::reason::killed
                                             : es::reason::shutdown;
    self.stop({why, role_->name});
  }

  es::task<void> terminate(es::exit_reason const&, es::context<actor>& self) {
    if (finished_) co_return;
    if (role_->on_stop == "crash") throw std::runtime_error("told to");
    if (role_->on_stop == "slow") co_await self.sleep(5_ms);
    if (role_->on_stop == "ignore") co_await self.sleep(1000_h);
  }

 private:
  [[noreturn]] static void fail(role& plays) {
    plays.said->push_back("failed " + plays.name);
    throw std::runtime_error(plays.name);
  }

  /// The end is said where it happens; why, once the supervisor has heard of it.
  struct say_end {
    void operator()(role* r) const {
      if (!r->running) return;
      r->running = false;
      r->end_line = r->said->size();
      r->said->push_back("ended " + r->name);
      if (r->pattern != nullptr) r->pattern->died.push_back(r);
    }
  };

  std::unique_ptr<role, say_end> role_;
  bool fails_in_init_ = false;
  bool finished_ = false;
};

/// A life of a dynamic supervisor's child, whose argument is its role.
class started_child final : public es::runtime::life<actor> {
 public:
  using life::life;

  static std::unique_ptr<es::runtime::incarnation> make(es::runtime::place& at,
                                                        es::runtime::life_number which) {
    return std::make_unique<started_child>(at, which);
  }

  bool construct(void const* arguments) override {
    auto made = actor::make_as(**static_cast<role* const*>(arguments), self_);
    if (made) ::new (static_cast<void*>(&process_)) actor(std::move(*made));
    return built_ = made.has_value();
  }
};

/// Takes the answers of dynamic supervisors that were asked for children, for as long as it lives.
class clerk final : public es::runtime::reply_sink {
 public:
  clerk(role& r, transcript& said) : role_(r), said_(said) {}

  void ask(es::runtime::parent& supervisor) {
    auto request = std::make_unique<es::runtime::start_request>(std::make_shared<role*>(&role_));
    request->from = {this, 0};
    supervisor.take_request(*request.release(), 0);
  }
  void deliver(es::runtime::answerable& answered) noexcept override {
    answer_.reset(static_cast<es::runtime::start_request*>(&answered));
    if (!answer_->failure) role_.where = *answer_->reply;
  }
  void say() const {
    said_.push_back("answered " + role_.name +
                    (answer_ == nullptr              ? " never"
                     : answer_->failure              ? " failed"
                     : answer_->reply->at == nullptr ? " declined"
                                                     : " ok"));
  }

 private:
  role& role_;
  transcript& said_;
  std::unique_ptr<es::runtime::start_request> answer_;
};

/// The virtual scheduler, but supervisors run only when no process can: so what ends at once, or together,
/// has ended before its supervisor hears of it.
class patient_scheduler final : public es::runtime::scheduler {
 public:
  explicit patient_scheduler(es::seed s) : runs_(s) {}

  void submit(es::runtime::runnable& r) override {
    if (dynamic_cast<es::runtime::place*>(&r) != nullptr) {
      runs_.submit(r);
    } else {
      supervisors_.push_back(&r);
    }
  }
  es::instant now() override { return runs_.now(); }
  void arm(es::runtime::timer& t, es::instant due) override { runs_.arm(t, due); }
  bool disarm(es::runtime::timer& t) override { return runs_.disarm(t); }
  int batch() const override { return runs_.batch(); }

  void run_processes() {
    while (!gave_up() && runs_.run_one()) {
    }
  }
  /// Until nothing is left to do, now or later.
  void run_all() {
    while (!gave_up()) {
      run_processes();
      if (!supervisors_.empty()) {
        for (es::runtime::runnable* r : std::exchange(supervisors_, {})) runs_.submit(*r);
      } else if (runs_.next_timer() != es::end_of_time) {
        runs_.move_to(runs_.next_timer());
      } else {
        return;
      }
    }
  }
  /// Whether there is no end to it.
  bool gave_up() const { return runs_.steps() > 1'000'000; }
  void wait(es::duration d) { runs_.move_to(runs_.now() + d); }

 private:
  es::testing::virtual_scheduler runs_;
  std::vector<es::runtime::runnable*> supervisors_;
};

std::string word_of(es::exit_reason const& why) { return std::string(word(why.kind())); }

/// One case: its tree, and what was said while it ran.
class play {
 public:
  explicit play(std::uint64_t seed) : scheduler_(es::seed{seed}) {}

  void add(std::size_t depth, words const& line) {
    const auto number = static_cast<es::node_index>(records_.size());
    auto& name =
        names_.emplace_back(es::type_name{text_.emplace_back(line[1]).data(), line[1].size(), number + 1});
    numbers_[line[1]] = number;
    open_.resize(depth);
    es::record r;
    r.name = es::type_id(name);
    r.supervisor = line[0] != "process";
    r.dynamic = line[0] == "dynamic";
    if (r.supervisor) r.shutdown = es::infinity;
    if (depth != 0) {
      r.parent = open_.back();
      r.number = records_[r.parent].children++;
      r.pattern = records_[r.parent].dynamic ? number : records_[r.parent].pattern;
    }
    role& plays = roles_.emplace_back(role{.name = line[1], .said = &said_});
    for (std::size_t i = 2; i < line.size(); ++i) {
      const std::string& value = i + 1 < line.size() ? line[i + 1] : line[i];
      if (read_word(line[i], r)) continue;
      if (line[i] == "intensity") r.max_restarts = std::stoll(value);
      if (line[i] == "period") r.period = 1_s * std::stoll(value);
      if (line[i] == "shutdown") read_shutdown(value, r);
      if (line[i] == "on_stop") plays.on_stop = value;
      if (line[i] == "auto_shutdown") {
        r.auto_shutdown = value == "any_significant"   ? es::auto_shutdown_kind::any_significant
                          : value == "all_significant" ? es::auto_shutdown_kind::all_significant
                                                       : es::auto_shutdown_kind::never;
      }
      ++i;
    }
    records_.push_back(r);
    open_.push_back(number);
    for (es::node_index above : open_) records_[above].end = number + 1;
  }

  void plant(std::string const& what) {
    for (es::record& r : records_) {
      if (what == "intensity") ++r.max_restarts;
      if (what == "strategy" && r.strategy == es::strategy_kind::rest_for_one) {
        r.strategy = es::strategy_kind::one_for_one;
      }
      if (what == "restart" && r.restart == es::restart_kind::transient)
        r.restart = es::restart_kind::permanent;
      if (what == "significant") r.significant = false;
      if (what == "period") r.period = 1000_h;
      if (what == "dynamic" && r.dynamic) r.max_restarts = 1'000'000;
    }
  }

  /// Answers whether the tree has ended, as it must before it is destroyed.
  bool run(std::vector<words> const& steps) {
    std::vector<es::runtime::process_type> types(records_.size());
    for (es::node_index i = 0; i != records_.size(); ++i) {
      environment_.push_back(&roles_[i]);
      if (is_pattern(i)) {
        types[i] = {&started_child::make, {}};
      } else if (!records_[i].supervisor) {
        types[i] = {&es::detail::make_started_life<actor, &actor::make>, {&environment_.back()}};
      }
    }
    const auto size = static_cast<es::node_index>(records_.size());
    engine_ = std::make_unique<es::runtime::engine>(
        es::tree_view{records_.data(), size}, es::detail::name_lookup{}, std::move(types), scheduler_,
        es::runtime::engine::hooks{.on_report = [this](es::report const& r) { note(r); },
                                   .on_event = [this](es::runtime::event const& e) { note(e); },
                                   .on_stage = nullptr});
    for (auto step = steps.begin(); step != steps.end() && !has_ended() && !scheduler_.gave_up(); ++step) {
      take(*step);
    }
    if (!has_ended()) said_.push_back("left_running " + roles_[0].name);
    return has_ended();
  }

  transcript const& said() const { return said_; }

 private:
  static bool read_word(std::string const& w, es::record& r) {
    if (w == "one_for_one") return r.strategy = es::strategy_kind::one_for_one, true;
    if (w == "one_for_all") return r.strategy = es::strategy_kind::one_for_all, true;
    if (w == "rest_for_one") return r.strategy = es::strategy_kind::rest_for_one, true;
    if (w == "permanent") return r.restart = es::restart_kind::permanent, true;
    if (w == "transient") return r.restart = es::restart_kind::transient, true;
    if (w == "temporary") return r.restart = es::restart_kind::temporary, true;
    if (w == "significant") return r.significant = true;
    return false;
  }
  static void read_shutdown(std::string const& value, es::record& r) {
    r.brutal_kill = value == "brutal_kill";
    r.shutdown = r.brutal_kill ? 100_ms : value == "infinity" ? es::infinity : 1_ms * std::stoll(value);
  }

  bool has_ended() const { return engine_->where() > es::runtime::stage::up; }

  void take(words const& step) {
    if (step[0] == "next") return role_of(step[1]).starts.assign(step.begin() + 2, step.end());
    std::string line = "step";
    for (std::string const& w : step) line += " " + w;
    said_.push_back(line);

    if (step[0] == "start") {
      engine_->start();
    } else if (step[0] == "wait") {
      scheduler_.wait(1_ms * std::stoll(step[1]));
    } else if (step[0] == "finish") {
      finish(step[1], step[2]);
    } else if (step[0] == "start_child") {
      return start_children(step);
    } else {
      if (step[0] == "stop") engine_->stop();
      for (std::size_t i = step[0] == "stop" ? 1 : 2; i < step.size(); i += 2) {
        finish(step[i], step[i + 1]);
        scheduler_.run_processes();
      }
    }
    scheduler_.run_all();
    if (engine_->where() == es::runtime::stage::start_failed) {
      said_.push_back("not_started " + roles_[0].name);
    }
  }

  void start_children(words const& step) {
    if (!role_of(step[1]).running) return said_.push_back("not_running " + step[1]);
    std::deque<clerk> clerks;
    for (std::size_t i = 2; i < step.size(); i += 2) {
      role_of(step[i]).starts = {step[i + 1]};
      clerks.emplace_back(role_of(step[i]), said_).ask(engine_->supervisor_at(numbers_.at(step[1])));
    }
    scheduler_.run_all();
    for (clerk const& c : clerks) c.say();
  }

  void finish(std::string const& name, std::string const& why) {
    role& plays = role_of(name);
    if (!plays.running) return said_.push_back("not_running " + name);
    if (plays.pattern == nullptr) plays.where = {&engine_->at(numbers_.at(name)), 0};
    if (why == "terminate") {
      auto request = std::make_unique<es::runtime::terminate_request>(plays.where);
      return es::runtime::ask_supervisor_of(plays.where, *request.release());
    }
    using message = es::runtime::message<actor, actor::finish>;
    auto mail = std::make_unique<message>(std::in_place, why);
    if (es::runtime::post(plays.where, *mail, true)) static_cast<void>(mail.release());
  }

  void note(es::runtime::event const& e) {
    role& plays = role_of(e.about->name->text);
    const bool is_one_of_many = is_pattern(numbers_.at(plays.name));
    switch (e.what) {
      case es::runtime::event_kind::started:
        if (e.about->supervisor) plays.running = true;
        said_.push_back("started " + (is_one_of_many ? take_first(plays.came_up) : plays).name);
        return;
      case es::runtime::event_kind::ended:
        if (e.about->supervisor) {
          plays.running = false;
          said_.push_back("ended " + plays.name + " " + word_of(e.why));
        } else {
          said_.at((is_one_of_many ? take_first(plays.died) : plays).end_line) += " " + word_of(e.why);
        }
        return;
      case es::runtime::event_kind::gave_up:     // a report says more
      case es::runtime::event_kind::restarting:  // said by the report of the failed start
        return;
    }
  }
  static role const& take_first(std::deque<role const*>& queue) {
    role const* const out = queue.at(0);
    queue.pop_front();
    return *out;
  }

  void note(es::report const& r) {
    const bool is_dynamic = r.supervisor_record->dynamic;
    const std::string child = is_dynamic && r.why != nullptr ? name_in(*r.why) : r.child_record->name->text;
    switch (r.kind) {
      case es::report_kind::child_terminated:
        said_.push_back("terminated " + child);
        return;
      case es::report_kind::shutdown_error:
        if (is_dynamic) {
          said_.push_back("shutdown_error " + std::string(r.child_record->name->text) + " " +
                          word_of(*r.why));
          return;
        }
        [[fallthrough]];
      case es::report_kind::start_error:
      case es::report_kind::still_running:
      case es::report_kind::stalled:
      case es::report_kind::quarantined:
      case es::report_kind::returned:
      case es::report_kind::mailbox_overflow:
        said_.push_back(std::string(word(r.kind)) + " " + child);
        return;
      case es::report_kind::reached_max_restart_intensity:
        said_.push_back("gave_up " + role_of(r.supervisor_record->name->text).name + " " + child);
        return;
    }
  }

  /// Which of its children a dynamic supervisor reports is said by why it ended, or did not start.
  static std::string name_in(es::exit_reason const& why) {
    const std::string text(why.text());
    return text.substr(text.rfind(' ') + 1);
  }

  bool is_pattern(es::node_index i) const {
    return records_[i].parent != es::no_node && records_[records_[i].parent].dynamic;
  }

  role& role_of(std::string const& name) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return roles_[numbers_.at(name)];
    role& pattern = roles_[numbers_.at(name.substr(0, dot))];
    const role fresh{.name = name, .on_stop = pattern.on_stop, .said = &said_, .pattern = &pattern};
    return started_later_.try_emplace(name, fresh).first->second;
  }

  patient_scheduler scheduler_;
  transcript said_;
  std::vector<es::record> records_;
  std::deque<std::string> text_;
  std::deque<es::type_name> names_;
  std::deque<role> roles_;                     // by record; those of supervisors have only a name
  std::map<std::string, role> started_later_;  // by name
  std::map<std::string, es::node_index> numbers_;
  std::vector<es::node_index> open_;  // the supervisors around the record being read
  std::deque<role*> environment_;     // by record
  std::unique_ptr<es::runtime::engine> engine_;
};

words split(std::string const& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

/// Reads the lines up to an empty one, and runs them.
void run_case(std::istream& in, std::uint64_t number, std::string const& planted) {
  auto p = std::make_unique<play>(number);
  std::vector<words> steps;
  for (std::string line; std::getline(in, line) && !line.empty();) {
    const words read = split(line);
    if (read[0] == "supervisor" || read[0] == "dynamic" || read[0] == "process") {
      p->add(line.find_first_not_of(' ') / 2, read);
    } else {
      steps.push_back(read);
    }
  }
  p->plant(planted);
  const bool ended = p->run(steps);
  for (std::string const& line : p->said()) std::cout << line << '\n';
  std::cout << '\n';
  if (!ended) static_cast<void>(p.release());  // what still runs cannot be destroyed
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const bool plants = given.size() == 3 && given[0] == "--plant";
  if (given.size() != 1 && !plants) {
    std::cerr << "usage: espalier_side [--plant WHAT] FILE\n";
    return 2;
  }
  std::ifstream in(given.back());
  for (std::string line; std::getline(in, line);) {
    std::cout << line << '\n';
    run_case(in, std::stoull(split(line)[1]), plants ? given[1] : "");
  }
}
