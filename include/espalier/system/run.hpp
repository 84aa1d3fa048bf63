// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <pthread.h>

#include <csignal>
#include <espalier/system/system.hpp>

namespace espalier {

namespace detail {

/// Blocks SIGINT and SIGTERM while it lives, and passes them on while it watches: the first to a function,
/// the second leaves the program.
///
///   1. The signals are blocked before the system starts its workers, so that every thread inherits
///      that, and only the watcher's `sigwait` takes them.
///   2. The watcher ends by a SIGTERM that is sent to its thread alone, after `ending_` is set. It ends
///      before the system that its function stops.
///   3. What is pending then is taken before the signals are let through again, or it would end the program.
class signal_watcher {
 public:
  signal_watcher() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  signal_watcher(signal_watcher const&) = delete;
  signal_watcher& operator=(signal_watcher const&) = delete;

  ~signal_watcher() {
    const timespec at_once{};
    while (sigtimedwait(&signals_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  /// Watches while the result lives.
  [[nodiscard]] auto watch(std::function<void()> first) {
    ending_ = false;
    watcher_ = std::thread([this, first = std::move(first)] {
      for (bool again = false;; again = true) {
        int signal = 0;
        sigwait(&signals_, &signal);
        if (ending_.load(std::memory_order_acquire)) return;
        if (again) std::_Exit(128 + signal);
        first();
      }
    });
    struct end_of_watch {
      explicit end_of_watch(signal_watcher& w) : watched(w) {}
      end_of_watch(end_of_watch const&) = delete;
      ~end_of_watch() { watched.end(); }
      signal_watcher& watched;
    };
    return end_of_watch(*this);
  }

 private:
  void end() {
    ending_.store(true, std::memory_order_release);  // pairs with the load after `sigwait`
    pthread_kill(watcher_.native_handle(), SIGTERM);
    watcher_.join();
  }

  sigset_t signals_{};
  sigset_t before_{};
  std::atomic<bool> ending_{false};
  std::thread watcher_;
};

/// Leaves the program although functions that were left behind still run, and may use what a return from main
/// would destroy. What they hold locked is not waited for.
[[noreturn]] inline void leave_program(int code) {
  for (std::FILE* out : {stdout, stderr}) {
    if (ftrylockfile(out) != 0) continue;
    std::fflush(out);
    funlockfile(out);
  }
  std::_Exit(code);
}

/// Waits for the end of a tree, and answers the program's exit code.
inline int await_end_of(runtime::host_owner& host) {
  if (host->await_start() == runtime::stage::start_failed) {
    if (host->how() == plan::ending::stopped) return 0;  // a signal overtook the start
    std::fprintf(stderr, "espalier: %s\n", start_failed(host->why()).what());
    return 2;
  }
  host->await_end();
  if (host->how() != plan::ending::gave_up) return 0;
  std::fprintf(stderr, "espalier: %s\n", host->why().chain().c_str());
  return 1;
}

/// Runs a tree to its end, and answers the program's exit code.
inline int run_to_end(signal_watcher& signals, runtime::host_owner host) {
  const int code = [&] {
    const auto watching = signals.watch([&] { host->ask_to_stop(); });
    return await_end_of(host);
  }();
  if (host.close()) leave_program(code);
  return code;
}

}  // namespace detail

/// Runs a tree until it ends or SIGINT or SIGTERM stops it, and answers the program's exit code: 0 when it
/// was stopped or shut down by itself, 1 when the root gave up, 2 when it did not start (SEMANTICS 20). If
/// the function of a process never returned, the program is left without a return from here, with that code.
/// A second signal leaves the program at once with 128 + its number.
template <class T, class... C>
int run(given<C...> values, settings how = {}) {
  if constexpr (!is_valid<T>) {
    static_cast<void>(check<T>{});
    return 2;
  } else {
    static_assert(sizeof(detail::wiring_check<T, C...>) != 0);
    detail::signal_watcher signals;
    try {
      return detail::run_to_end(signals, detail::make_host<T>(std::move(values), std::move(how)));
    } catch (std::exception const& e) {
      std::fprintf(stderr, "espalier: the system did not start: %s\n", e.what());
      return 2;
    }
  }
}
template <class T>
int run(settings how = {}) {
  return run<T>(with(), std::move(how));
}

}  // namespace espalier
