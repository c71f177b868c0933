// storm chain: each process forks its successor and exits, for ever: no process lives long enough to be hit by a slow sweep.
// storm wide N: a process keeps N children alive and replaces each that dies; they ignore SIGTERM.
// Prints "ready PID" first.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

[[noreturn]] void chain() {
  for (;;) {
    const pid_t next = ::fork();
    if (next > 0) ::_exit(0);
    if (next < 0) ::usleep(1000);
    ::usleep(200);
  }
}

[[noreturn]] void wide(int count) {
  int alive = 0;
  for (;;) {
    while (alive < count) {
      const pid_t pid = ::fork();
      if (pid == 0)
        for (;;) ::pause();
      if (pid < 0) break;
      ++alive;
    }
    if (::waitpid(-1, nullptr, 0) > 0) --alive;
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGTERM, SIG_IGN);
  std::printf("ready %d\n", ::getpid());
  std::fflush(stdout);
  if (argc > 1 && std::strcmp(argv[1], "chain") == 0) chain();
  wide(argc > 2 ? std::atoi(argv[2]) : 8);
}
