// The rows on CAF 0.17: bench_caf ROW [--workers N] [--count N] prints a line for each measurement,
// `name<TAB>value<TAB>unit`, and fails if its counts do not add up. CAF has no supervisors: one is written
// here by monitors. It has no public way to cancel a delayed message, so that is not measured.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using there_atom = caf::atom_constant<caf::atom("there")>;
using back_atom = caf::atom_constant<caf::atom("back")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using more_atom = caf::atom_constant<caf::atom("more")>;
using add_atom = caf::atom_constant<caf::atom("add")>;
using total_atom = caf::atom_constant<caf::atom("total")>;
using hop_atom = caf::atom_constant<caf::atom("hop")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
using work_atom = caf::atom_constant<caf::atom("work")>;
using done_atom = caf::atom_constant<caf::atom("done")>;
using crash_atom = caf::atom_constant<caf::atom("crash")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;

struct measurement {
  std::string name;
  double value;
  char const* unit;
};
using measurements = std::vector<measurement>;
using number = std::uint64_t;

struct miscounted : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void expect(char const* what, number got, number expected) {
  if (got == expected) return;
  throw miscounted(std::string(what) + ": " + std::to_string(got) + " instead of " +
                   std::to_string(expected));
}
number sum_to(number n) { return n * (n + 1) / 2; }

using clock_type = std::chrono::steady_clock;
double nanoseconds(clock_type::duration d) { return std::chrono::duration<double, std::nano>(d).count(); }
double each(clock_type::duration d, number n) { return nanoseconds(d) / static_cast<double>(n); }

/// What actors tell the main thread.
template <class T>
class told {
 public:
  void tell(T what) { promise_.set_value(what); }
  T get() {
    auto f = promise_.get_future();
    if (f.wait_for(std::chrono::seconds(50)) != std::future_status::ready)
      throw miscounted("not done within 50 s");
    return f.get();
  }

 private:
  std::promise<T> promise_;
};

measurements ping_pong(caf::actor_system& sys, number n) {
  told<double> took;
  number hits = 0;
  number sum = 0;
  auto pong = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self](there_atom, number i, caf::actor const& from) {
      ++hits;
      self->send(from, back_atom::value, i);
    }};
  });
  auto ping = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto begin = std::make_shared<clock_type::time_point>();
    auto me = caf::actor_cast<caf::actor>(self);
    return {[&, self, begin](start_atom) {
              *begin = clock_type::now();
              self->send(pong, there_atom::value, number{1}, caf::actor_cast<caf::actor>(self));
            },
            [&, self, begin](back_atom, number i) {
              sum += i;
              if (i != n) {
                self->send(pong, there_atom::value, i + 1, caf::actor_cast<caf::actor>(self));
              } else {
                took.tell(each(clock_type::now() - *begin, n));
              }
            }};
  });
  caf::anon_send(ping, start_atom::value);
  const double out = took.get();
  expect("hits", hits, n);
  expect("sum", sum, sum_to(n));
  return {{"ping_pong", out, "ns"}};
}

measurements counting(caf::actor_system& sys, number n) {
  told<double> took;
  number messages = 0;
  number sum = 0;
  auto counter = sys.spawn([&]() -> caf::behavior {
    return {[&](add_atom, number i) {
              ++messages;
              sum += i;
            },
            [&](total_atom) { return sum; }};
  });
  auto producer = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto begin = std::make_shared<clock_type::time_point>(clock_type::now());
    auto sent = std::make_shared<number>(0);
    return {[&, self, begin, sent](more_atom) {
      for (int i = 0; i != 1'000 && *sent != n; ++i) self->send(counter, add_atom::value, ++*sent);
      if (*sent != n) {
        self->send(self, more_atom::value);
      } else {
        self->request(counter, caf::infinite, total_atom::value).then([&, begin](number) {
          took.tell(each(clock_type::now() - *begin, n));
        });
      }
    }};
  });
  caf::anon_send(producer, more_atom::value);
  const double out = took.get();
  expect("messages", messages, n);
  expect("sum", sum, sum_to(n));
  return {{"counting", out, "ns"}};
}

measurements ring(caf::actor_system& sys, char const* name, std::size_t size, number n) {
  told<clock_type::time_point> done;
  std::vector<number> visits(size);
  std::vector<caf::actor> all;
  for (std::size_t i = 0; i != size; ++i) {
    all.push_back(sys.spawn([&, i](caf::event_based_actor* self) -> caf::behavior {
      auto next = std::make_shared<caf::actor>();
      return {[next](next_atom, caf::actor const& a) { *next = a; },
              [&, self, next, i](hop_atom, number left) {
                ++visits[i];
                if (left != 0) {
                  self->send(*next, hop_atom::value, left - 1);
                } else {
                  done.tell(clock_type::now());
                }
              },
              [next](stop_atom) { *next = nullptr; }};
    }));
  }
  for (std::size_t i = 0; i != size; ++i) caf::anon_send(all[i], next_atom::value, all[(i + 1) % size]);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto begin = clock_type::now();
  caf::anon_send(all[0], hop_atom::value, n - 1);
  const double out = each(done.get() - begin, n);
  number hops = 0;
  for (number v : visits) hops += v;
  expect("hops", hops, n);
  for (caf::actor const& a : all) caf::anon_send(a, stop_atom::value);
  return {{name, out, "ns"}};
}
measurements ring_100(caf::actor_system& sys, number n) { return ring(sys, "ring_100", 100, n); }
measurements ring_503(caf::actor_system& sys, number n) { return ring(sys, "ring_503", 503, n); }

measurements fork_join(caf::actor_system& sys, number n) {
  constexpr number size = 60;
  const number count = n / size;
  told<double> took;
  number messages = 0;
  number sum = 0;
  auto master = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    struct state {
      clock_type::time_point begin;
      number sent = 0;
      number joined = 0;
      std::vector<caf::actor> workers;
    };
    auto s = std::make_shared<state>();
    const auto me = caf::actor_cast<caf::actor>(self);
    for (number w = 0; w != size; ++w) {
      s->workers.push_back(self->spawn([=](caf::event_based_actor* worker) -> caf::behavior {
        auto got = std::make_shared<std::pair<number, number>>();
        return {[=](work_atom, number i) {
          ++got->first;
          got->second += i;
          if (i == count) {
            worker->send(me, done_atom::value, got->first, got->second);
            worker->quit();
          }
        }};
      }));
    }
    s->begin = clock_type::now();
    return {[=](more_atom) {
              for (int i = 0; i != 100 && s->sent != count; ++i) {
                ++s->sent;
                for (caf::actor const& w : s->workers) self->send(w, work_atom::value, s->sent);
              }
              if (s->sent != count) self->send(self, more_atom::value);
            },
            [&, self, s](done_atom, number m, number part) {
              messages += m;
              sum += part;
              if (++s->joined != size) return;
              took.tell(each(clock_type::now() - s->begin, count * size));
              self->quit();
            }};
  });
  caf::anon_send(master, more_atom::value);
  const double out = took.get();
  expect("messages", messages, count * size);
  expect("sum", sum, sum_to(count) * size);
  return {{"fork_join", out, "ns"}};
}

caf::actor collector(caf::actor_system& sys, number n, number& sum, told<clock_type::time_point>& done) {
  return sys.spawn([&sum, &done, n](caf::event_based_actor* self) -> caf::behavior {
    auto left = std::make_shared<number>(n);
    return {[&, self, left](done_atom, number i) {
      sum += i;
      if (--*left != 0) return;
      done.tell(clock_type::now());
      self->quit();
    }};
  });
}
/// Starts children, 1,000 a turn, and sends each a message.
caf::actor starter(caf::actor_system& sys, number n, bool stay, caf::actor const& to,
                   std::vector<caf::actor>& children) {
  return sys.spawn([=, &children](caf::event_based_actor* self) -> caf::behavior {
    auto started = std::make_shared<number>(0);
    return {[=, &children](more_atom) {
      for (int i = 0; i != 1'000 && *started != n; ++i) {
        auto child = self->spawn([to, stay](caf::event_based_actor* me) -> caf::behavior {
          return {[me, to, stay](work_atom, number k) {
            me->send(to, done_atom::value, k);
            if (!stay) me->quit();
          }};
        });
        self->send(child, work_atom::value, ++*started);
        if (stay) children.push_back(child);
      }
      if (*started != n) {
        self->send(self, more_atom::value);
      } else {
        self->quit();
      }
    }};
  });
}
measurements create(caf::actor_system& sys, number n) {
  told<clock_type::time_point> done;
  number sum = 0;
  std::vector<caf::actor> none;
  auto to = collector(sys, n, sum, done);
  const auto begin = clock_type::now();
  caf::anon_send(starter(sys, n, false, to, none), more_atom::value);
  const double out = each(done.get() - begin, n);
  expect("sum", sum, sum_to(n));
  return {{"create", out, "ns"}};
}

number resident_memory() {
  std::FILE* const in = std::fopen("/proc/self/statm", "r");
  unsigned long long all = 0;
  unsigned long long used = 0;
  if (in == nullptr || std::fscanf(in, "%llu %llu", &all, &used) != 2) throw miscounted("no statm");
  std::fclose(in);
  return used * static_cast<number>(sysconf(_SC_PAGESIZE));
}
measurements idle_process(caf::actor_system& sys, number n) {
  told<clock_type::time_point> done;
  number sum = 0;
  std::vector<caf::actor> children;
  auto to = collector(sys, n, sum, done);
  const number before = resident_memory();
  caf::anon_send(starter(sys, n, true, to, children), more_atom::value);
  done.get();
  const number after = resident_memory();
  expect("sum", sum, sum_to(n));
  return {{"idle_process", static_cast<double>(after - before) / static_cast<double>(n), "bytes"}};
}

measurements big(caf::actor_system& sys, number n) {
  constexpr std::size_t size = 64;
  const number count = n / size;
  told<clock_type::time_point> done;
  std::vector<number> pings(size);
  std::atomic<std::size_t> finished{0};
  std::vector<caf::actor> all;
  for (std::size_t me = 0; me != size; ++me) {
    all.push_back(sys.spawn([&, me](caf::event_based_actor* self) -> caf::behavior {
      auto sent = std::make_shared<number>(0);
      auto answered = std::make_shared<number>(0);
      auto round = [&, self, me, sent] {
        for (std::size_t other = 1; other != size && *sent != count; ++other, ++*sent) {
          self->send(all[(me + other) % size], there_atom::value, static_cast<number>(me));
        }
      };
      return {[=](start_atom) { round(); },
              [&, self, me](there_atom, number from) {
                ++pings[me];
                self->send(all[from], back_atom::value);
              },
              [&, sent, answered, round](back_atom) {
                if (++*answered != *sent) return;
                if (*sent != count) {
                  round();
                } else if (++finished == size) {
                  done.tell(clock_type::now());
                }
              }};
    }));
  }
  const auto begin = clock_type::now();
  for (caf::actor const& a : all) caf::anon_send(a, start_atom::value);
  const double out = each(done.get() - begin, 2 * count * size);
  number sum = 0;
  for (number p : pings) sum += p;
  expect("pings", sum, count * size);
  return {{"big", out, "ns"}};
}

measurements call(caf::actor_system& sys, number n) {
  told<double> took;
  number sum = 0;
  auto server = sys.spawn([]() -> caf::behavior { return {[](ask_atom, number i) { return i + 1; }}; });
  auto client = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    struct state {
      clock_type::time_point begin;
      std::function<void(number)> ask;
    };
    auto s = std::make_shared<state>();
    s->ask = [&, self, s = s.get()](number i) {
      self->request(server, std::chrono::seconds(5), ask_atom::value, i).then([&, self, s, i](number reply) {
        sum += reply;
        if (i + 1 != n) {
          s->ask(i + 1);
        } else {
          took.tell(each(clock_type::now() - s->begin, n));
          self->quit();
        }
      });
    };
    return {[s](start_atom) {
      s->begin = clock_type::now();
      s->ask(0);
    }};
  });
  caf::anon_send(client, start_atom::value);
  const double out = took.get();
  expect("sum", sum, sum_to(n));
  return {{"call", out, "ns"}};
}

/// The last of a group crashes. Its supervisor is told by a monitor, ends the others from the last to the
/// first, and then starts all of them; a fresh one every 200 restarts.
struct outage {
  std::size_t size;
  number count;
  clock_type::time_point thrown;
  double took = 0;
  number restarts = 0;
};
caf::behavior mayfly(caf::event_based_actor* self, outage* o, number incarnation) {
  self->set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
  return {[o](crash_atom) {
            o->thrown = clock_type::now();
            throw std::runtime_error("as asked");
          },
          [incarnation](ask_atom) { return incarnation; }};
}
struct supervision {
  std::vector<caf::actor> children;
  number incarnation = 0;
  number left = 0;
  number stopping = 0;
};
caf::behavior supervisor(caf::stateful_actor<supervision>* self, outage* o, number batch, told<bool>* done) {
  auto& s = self->state;
  s.left = batch;
  s.children.resize(o->size);
  auto start = [=] {
    auto& st = self->state;
    ++st.incarnation;
    for (caf::actor& child : st.children) child = self->spawn<caf::monitored>(mayfly, o, st.incarnation);
  };
  auto crash = [=] { caf::anon_send(self->state.children.back(), crash_atom::value); };
  auto started = [=] {
    start();
    self->request(self->state.children.back(), std::chrono::seconds(5), ask_atom::value)
        .then([=](number incarnation) {
          auto& st = self->state;
          o->took += nanoseconds(clock_type::now() - o->thrown);
          if (incarnation == st.incarnation) ++o->restarts;
          if (--st.left != 0) return crash();
          for (caf::actor const& child : st.children) {
            self->demonitor(child.address());
            self->send_exit(child, caf::exit_reason::user_shutdown);
          }
          done->tell(true);
          self->quit();
        });
  };
  self->set_down_handler([=](caf::down_msg const&) {
    auto& st = self->state;
    // The crashed one is the last, so those before it are ended in turn.
    if (++st.stopping == o->size) {
      st.stopping = 0;
      started();
    } else {
      self->send_exit(st.children[o->size - 1 - st.stopping], caf::exit_reason::user_shutdown);
    }
  });
  start();
  crash();
  return {[](stop_atom) {}};
}
measurements restart(caf::actor_system& sys, char const* name, std::size_t size, number n) {
  outage o{size, n, {}, 0, 0};
  for (number left = n; left != 0;) {
    const number batch = std::min<number>(left, 200);
    told<bool> done;
    // The handle is kept, because an actor that nobody can reach is ended.
    const auto kept = sys.spawn(supervisor, &o, batch, &done);
    done.get();
    left -= batch;
  }
  expect("restarts", o.restarts, n);
  return {{name, o.took / 1e3 / static_cast<double>(n), "us"}};
}
measurements restart_one(caf::actor_system& sys, number n) { return restart(sys, "restart_one", 1, n); }
measurements restart_all(caf::actor_system& sys, number n) { return restart(sys, "restart_all", 10, n); }

measurements timers(caf::actor_system& sys, number n) {
  told<double> start;
  told<bool> all;
  const auto kept = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto left = std::make_shared<number>(n);
    const auto begin = clock_type::now();
    for (number i = 0; i != n; ++i) {
      self->delayed_send(self, std::chrono::milliseconds(1 + i * 7'919 % 1'000), tick_atom::value);
    }
    start.tell(each(clock_type::now() - begin, n));
    return {[&, self, left](tick_atom) {
      if (--*left != 0) return;
      all.tell(true);
      self->quit();
    }};
  });
  const double out = start.get();
  all.get();
  return {{"timer_start", out, "ns"}};
}

/// The next one is ended once the one before is down.
measurements ordered_stop(caf::actor_system& sys, number n) {
  told<double> took;
  number out_of_order = 0;
  auto up = std::make_shared<std::vector<caf::actor>>();
  auto stopper = sys.spawn([&, up](caf::event_based_actor* self) -> caf::behavior {
    auto begin = std::make_shared<clock_type::time_point>();
    for (number i = 0; i != n; ++i) {
      up->push_back(self->spawn<caf::monitored>([]() -> caf::behavior { return {[](tick_atom) {}}; }));
    }
    self->set_down_handler([&, self, up, begin](caf::down_msg const& m) {
      if (m.source != up->back().address()) ++out_of_order;
      up->pop_back();
      if (!up->empty()) {
        self->send_exit(up->back(), caf::exit_reason::user_shutdown);
      } else {
        took.tell(nanoseconds(clock_type::now() - *begin) / 1e3);
        self->quit();
      }
    });
    return {[=](start_atom) {
      *begin = clock_type::now();
      self->send_exit(up->back(), caf::exit_reason::user_shutdown);
    }};
  });
  caf::anon_send(stopper, start_atom::value);
  const double out = took.get();
  expect("out of order", out_of_order, 0);
  return {{"ordered_stop", out, "us"}};
}

measurements idle_cpu(caf::actor_system& sys, number seconds) {
  auto used = [] {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
  };
  std::vector<caf::actor> idle;
  for (int i = 0; i != 1'000; ++i) {
    idle.push_back(sys.spawn([]() -> caf::behavior { return {[](stop_atom) {}}; }));
  }
  std::atomic<number> ticks{0};
  auto metronome = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, std::chrono::milliseconds(100), tick_atom::value);
    return {[&, self](tick_atom) {
      ++ticks;
      self->delayed_send(self, std::chrono::milliseconds(100), tick_atom::value);
    }};
  });
  const double before = used();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const double out = (used() - before) / static_cast<double>(seconds);
  const number seen = ticks;
  caf::anon_send_exit(metronome, caf::exit_reason::kill);
  if (seen + 2 < 10 * seconds || seen > 10 * seconds + 1) expect("ticks", seen, 10 * seconds);
  return {{"idle_cpu", out, "us/s"}};
}

struct row {
  char const* name;
  measurements (*run)(caf::actor_system&, number);
};
constexpr row rows[] = {{"ping_pong", ping_pong},
                        {"counting", counting},
                        {"ring_100", ring_100},
                        {"ring_503", ring_503},
                        {"fork_join", fork_join},
                        {"create", create},
                        {"idle_process", idle_process},
                        {"big", big},
                        {"call", call},
                        {"restart_one", restart_one},
                        {"restart_all", restart_all},
                        {"timers", timers},
                        {"ordered_stop", ordered_stop},
                        {"idle_cpu", idle_cpu}};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures CAF.");
  std::string name;
  number count = 0;
  std::size_t workers = 1;
  app.add_option("row", name, "which row")->required();
  app.add_option("--workers", workers, "scheduler threads");
  app.add_option("--count", count, "operations")->required();
  CLI11_PARSE(app, argc, argv);
  const auto* const chosen =
      std::find_if(std::begin(rows), std::end(rows), [&](row const& r) { return name == r.name; });
  if (chosen == std::end(rows)) {
    std::fprintf(stderr, "no such row: %s\n", name.c_str());
    return 2;
  }
  caf::actor_system_config config;
  config.set("scheduler.max-threads", workers);
  config.set("logger.verbosity", caf::atom("quiet"));
  caf::actor_system sys(config);
  try {
    for (measurement const& m : chosen->run(sys, count)) {
      std::printf("%s\t%.4g\t%s\n", m.name.c_str(), m.value, m.unit);
    }
    std::fflush(stdout);
    _exit(0);  // without waiting for actors that know each other
  } catch (std::exception const& failed) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), failed.what());
    _exit(1);
  }
}
