// tree: six processes that are hard to end, then waits for ever. Prints "ready PID PID PID PID PID PID" when all stand.
//   1 itself, 2 a child in the same group, 3 a child in a session of its own, 4 a daemon (double fork, setsid),
//   5 a child in a group of its own, 6 a child that is stopped (SIGSTOP). All ignore SIGTERM, SIGINT and SIGHUP.
// tree tame: the same, but SIGTERM ends them.   tree leave: the first exits with 7 when all stand.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>

namespace {

int g_ready[2];

[[noreturn]] void stand() {
  const pid_t self = ::getpid();
  if (::write(g_ready[1], &self, sizeof self) != sizeof self) ::_exit(1);
  for (;;) ::pause();
}

template <class Body>
void child(const Body& body) {
  if (::fork() == 0) {
    body();
    stand();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (std::strcmp(mode, "tame") != 0)
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::signal(number, SIG_IGN);
  if (::pipe(g_ready) != 0) return 1;

  child([] {});
  child([] { ::setsid(); });
  if (const pid_t middle = ::fork(); middle == 0) {
    ::setsid();
    child([] {});
    ::_exit(0);
  } else {
    ::waitpid(middle, nullptr, 0);
  }
  child([] { ::setpgid(0, 0); });
  child([] {
    const pid_t self = ::getpid();
    if (::write(g_ready[1], &self, sizeof self) != sizeof self) ::_exit(1);
    ::raise(SIGSTOP);
    for (;;) ::pause();
  });

  std::printf("ready %d", ::getpid());
  for (int i = 0; i < 5; ++i) {
    pid_t pid = 0;
    if (::read(g_ready[0], &pid, sizeof pid) != sizeof pid) return 1;
    std::printf(" %d", pid);
  }
  std::printf("\n");
  std::fflush(stdout);
  if (std::strcmp(mode, "leave") == 0) return 7;
  for (;;) ::pause();
}
