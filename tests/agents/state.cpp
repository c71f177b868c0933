// state: prints what a process inherits, one "key value" a line, and its arguments. Equal output means a transparent launch.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern char** environ;

namespace {

void print_fds() {
  std::vector<int> fds;
  DIR* dir = ::opendir("/proc/self/fd");
  while (const dirent* entry = dir ? ::readdir(dir) : nullptr)
    if (entry->d_name[0] != '.' && std::atoi(entry->d_name) != ::dirfd(dir)) fds.push_back(std::atoi(entry->d_name));
  if (dir != nullptr) ::closedir(dir);
  std::sort(fds.begin(), fds.end());
  std::printf("fds");
  for (const int fd : fds) std::printf(" %d", fd);
  std::printf("\n");
}

void print_signals() {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  std::printf("blocked");
  for (int number = 1; number < NSIG; ++number)
    if (sigismember(&mask, number) == 1) std::printf(" %d", number);
  std::printf("\nignored");
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) std::printf(" %d", number);
  }
  std::printf("\n");
}

void print_limits() {
  std::printf("limits");
  for (int resource = 0; resource < static_cast<int>(RLIMIT_NLIMITS); ++resource) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    std::printf(" %ju/%ju", static_cast<std::uintmax_t>(limit.rlim_cur), static_cast<std::uintmax_t>(limit.rlim_max));
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) std::printf("arg %s\n", argv[i]);
  for (char** variable = environ; *variable != nullptr; ++variable) std::printf("env %s\n", *variable);
  char folder[4096];
  std::printf("cwd %s\n", ::getcwd(folder, sizeof folder));
  const mode_t mask = ::umask(0);
  std::printf("umask %03o\n", mask);
  print_fds();
  print_signals();
  print_limits();
  std::printf("nice %d\n", ::getpriority(PRIO_PROCESS, 0));
  FILE* oom = std::fopen("/proc/self/oom_score_adj", "r");
  int score = 0;
  if (oom != nullptr && std::fscanf(oom, "%d", &score) == 1) std::printf("oom %d\n", score);
  return 0;
}
