#pragma once

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

/// Runs `program` in a child process, sends it the signals once it has written to its pipe, and answers its
/// exit code.
template <class Program>
int exit_code_of(Program program, std::initializer_list<int> signals = {}) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);  // or the child writes it again
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::_Exit(program(ends[1]));
  }
  close(ends[1]);
  for (int signal : signals) {
    char c = 0;
    REQUIRE(read(ends[0], &c, 1) == 1);
    kill(child, signal);
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// What `program` writes to its error output, run in a child process.
template <class Program>
std::string said_by(Program program) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::_Exit(program());
  }
  close(ends[1]);
  std::string all;
  for (char c = 0; read(ends[0], &c, 1) == 1;) all += c;
  waitpid(child, nullptr, 0);
  close(ends[0]);
  return all;
}
