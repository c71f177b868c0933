// terminal: what a program on a terminal sees. Prints "tty IN OUT ERR", "size ROWS COLUMNS" at the start and after each SIGWINCH,
// "interrupt" for Ctrl-C, "line …" for each line of input; ends with 0 at the end of input. /dev/tty is opened once: "control yes|no".
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

namespace {

volatile std::sig_atomic_t g_resized = 0;
volatile std::sig_atomic_t g_interrupted = 0;

void print_size() {
  winsize size{};
  ::ioctl(0, TIOCGWINSZ, &size);
  std::printf("size %d %d\n", size.ws_row, size.ws_col);
  std::fflush(stdout);
}

void set(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(number, &action, nullptr);
}

void print_news() {
  if (g_resized != 0) print_size();
  if (g_interrupted != 0) std::printf("interrupt\n");
  std::fflush(stdout);
  g_resized = 0;
  g_interrupted = 0;
}

}  // namespace

int main() {
  sigset_t news;
  sigset_t unblocked;
  sigemptyset(&news);
  sigaddset(&news, SIGWINCH);
  sigaddset(&news, SIGINT);
  ::sigprocmask(SIG_BLOCK, &news, &unblocked);  // delivered in ppoll only: none is missed
  set(SIGWINCH, [](int) { g_resized = 1; });
  set(SIGINT, [](int) { g_interrupted = 1; });
  const int control = ::open("/dev/tty", O_RDWR);
  std::printf("tty %d %d %d\ncontrol %s\n", ::isatty(0), ::isatty(1), ::isatty(2), control >= 0 ? "yes" : "no");
  print_size();
  std::string line;
  for (char c = 0;;) {
    pollfd ready{0, POLLIN, 0};
    if (::ppoll(&ready, 1, nullptr, &unblocked) < 0) {
      print_news();
      continue;
    }
    if (::read(0, &c, 1) <= 0) return 0;
    if (c != '\n') {
      line += c;
      continue;
    }
    std::printf("line %s\n", line.c_str());
    std::fflush(stdout);
    line.clear();
  }
}
