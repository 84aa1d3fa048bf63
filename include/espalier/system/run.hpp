// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <pthread.h>

#include <csignal>
#include <espalier/system/system.hpp>

namespace espalier {

namespace detail {

/// Calls a function on the first SIGINT or SIGTERM and leaves the program on the second, while it lives.
///
///   1. The signals are blocked before the system starts its workers, so that every thread inherits that and
///   only the
///      watcher's `sigwait` takes them.
///   2. The watcher ends by a SIGTERM that is sent to its thread alone, after `ending_` is set.
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

  void watch(std::function<void()> first) {
    watcher_ = std::thread([this, first = std::move(first)] {
      for (bool again = false;; again = true) {
        int signal = 0;
        sigwait(&signals_, &signal);
        if (ending_.load(std::memory_order_acquire)) return;
        if (again) std::_Exit(128 + signal);
        first();
      }
    });
  }

  ~signal_watcher() {
    if (watcher_.joinable()) {
      ending_.store(true, std::memory_order_release);  // pairs with the load after `sigwait`
      pthread_kill(watcher_.native_handle(), SIGTERM);
      watcher_.join();
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  std::atomic<bool> ending_{false};
  std::thread watcher_;
};

}  // namespace detail

/// Runs a tree until it ends or SIGINT or SIGTERM stops it, and answers the program's exit code: 0 when it
/// was stopped or shut down by itself, 1 when the root gave up, 2 when it did not start (SEMANTICS 20). A
/// second signal leaves the program at once with 128 + its number.
template <class T, class... C>
int run(given<C...> values, settings how = {}) {
  if constexpr (!is_valid<T>) {
    static_cast<void>(check<T>{});
    return 2;
  } else {
    detail::signal_watcher signals;
    try {
      system<T> sys(std::move(values), std::move(how));
      signals.watch([&] { sys.ask_to_stop(); });
      const exit_reason why = sys.wait();
      if (!sys.gave_up()) return 0;
      std::fprintf(stderr, "espalier: %s\n", why.chain().c_str());
      return 1;
    } catch (start_failed const& failed) {
      std::fprintf(stderr, "espalier: %s\n", failed.what());
      return 2;
    }
  }
}
template <class T>
int run(settings how = {}) {
  return run<T>(with(), std::move(how));
}

}  // namespace espalier
